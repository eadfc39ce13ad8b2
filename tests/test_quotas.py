import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import quotas
from bot.errors import InvalidInput
from bot.model import UserDetails
from bot.quotas import GB, KB, LARGEST, MB, TB


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("5 GB", 5 * GB),
        ("5GB", 5 * GB),
        (" 5  g ", 5 * GB),
        ("500 MB", 500 * MB),
        ("500m", 500 * MB),
        ("1.5 GB", 1536 * MB),
        ("1,5 GB", 1536 * MB),
        ("2 TB", 2 * TB),
        ("5 GiB", 5 * GB),
        ("1048577 bytes", MB + 1),
        ("none", 0),
        ("No Limit", 0),
        ("0", 0),
        ("0 GB", 0),
    ],
)
def test_what_people_type_is_understood(typed: str, size: int) -> None:
    assert quotas.parse(typed) == size


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Type a size"),
        ("lots", "Type a size"),
        ("-5 GB", "Type a size"),
        ("5 GB please", "Type a size"),
        ("5 PB", "Type a size"),
        ("\N{ARABIC-INDIC DIGIT FIVE} GB", "Type a size"),
        ("1e3 MB", "Type a size"),
        ("5", "5 GB or 5 MB?"),
        ("0.3 GB", "give it in MB"),
        ("0.5 MB", "give it in MB"),
        ("0.5 bytes", "give it in MB"),
        ("1025 TB", "more than 1024 TB"),
        ("999999999999999 TB", "more than 1024 TB"),
    ],
)
def test_what_no_server_would_take_is_refused_with_a_way_out(typed: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(told)) as caught:
        quotas.parse(typed)
    assert caught.value.field == quotas.QUOTA


@given(st.integers(0, LARGEST))
def test_every_quota_is_read_back_as_it_is_written(size: int) -> None:
    assert quotas.parse(quotas.words(size)) == size


@given(st.text(max_size=40))
def test_anything_typed_is_a_size_or_a_refusal(typed: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert 0 <= quotas.parse(typed) <= LARGEST


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (KB, "1 KB"),
        (1024 * KB - 1, "1 MB"),
        (MB, "1 MB"),
        (20_027_801, "19.1 MB"),
        (1024 * MB - 1, "1 GB"),
        (1_288_490_189, "1.2 GB"),
        (3 * TB, "3 TB"),
    ],
)
def test_use_is_as_exact_as_a_person_needs_it(used: int, told: str) -> None:
    assert quotas.size(used) == told


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_more_is_never_written_as_less(one: int, other: int) -> None:
    less, more = sorted((one, other))
    units = {"bytes": 1, "KB": KB, "MB": MB, "GB": GB, "TB": TB}

    def read(told: str) -> float:
        number, unit = told.split()
        return float(number) * units[unit]

    assert read(quotas.size(less)) <= read(quotas.size(more))
    assert not quotas.size(more).startswith("1024 ") or more >= 1000 * TB


@pytest.mark.parametrize(
    ("details", "told"),
    [
        (UserDetails(quota=5 * GB, used=1_288_490_189), "1.2 GB of 5 GB, 24 %"),
        (UserDetails(quota=0, used=3 * GB), "3 GB, no limit"),
        (UserDetails(quota=0), "no limit"),
        (UserDetails(quota=500 * MB), "quota 500 MB"),
        (UserDetails(used=19 * MB), "19 MB"),
        (UserDetails(), None),
        (UserDetails(quota=GB, used=GB - 1), "1 GB of 1 GB, 99 %"),
        (UserDetails(quota=GB, used=2 * GB), "2 GB of 1 GB, 200 %"),
    ],
)
def test_usage_says_what_is_known(details: UserDetails, told: str | None) -> None:
    assert quotas.usage(details) == told
