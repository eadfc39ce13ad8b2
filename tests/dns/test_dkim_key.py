"""DKIM key records: how long the key is, and what else makes receivers pass it over."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks.dkim_key import judge_key, rsa_bits
from bot.model import Grade
from bot.sandbox.zones import DKIM_KEY
from tests.support.dkim_keys import bare_rsa_key, der, rsa_key, wrapped

# Made by `openssl genrsa 1024`; the private half was thrown away.
OPENSSL_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDcZU2aKPTuxzofV6oYxOg3q45WqwB7mtIQWNZ82UeaKaQ7/FDXaXnrv7+/tEo1QJSj"
    "mohFW3KyR3T/OBpST9Xro4KEgZnByK7gIZ6juqNI1VoG6IxQKXztTuXbJJhXvMkT0L3DBanOKh4SAKS/8GsVzeUkcncdTFkoSJ5WewrH"
    "7wIDAQAB"
)
EC_KEY = wrapped("2a8648ce3d0201", bare_rsa_key(2048))


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def tag_of(record: str) -> str | None:
    fault = judge_key(record)
    return fault.tag if fault else None


@pytest.mark.parametrize(("key", "bits"), [(OPENSSL_1024, 1024), (DKIM_KEY, 2048), (rsa_key(1023), 1023)])
def test_the_length_is_that_of_the_modulus(key: str, bits: int) -> None:
    assert rsa_bits(base64.b64decode(key)) == bits


@given(st.integers(min_value=16, max_value=9000))
def test_a_bare_key_is_as_long_as_a_wrapped_one(bits: int) -> None:
    assert rsa_bits(bare_rsa_key(bits)) == rsa_bits(base64.b64decode(rsa_key(bits))) == bits


@pytest.mark.parametrize(
    ("bits", "tag", "grade"),
    [
        (512, "DKIM_KEY_SHORT", Grade.FAIL),
        (1023, "DKIM_KEY_SHORT", Grade.FAIL),
        (1024, "DKIM_KEY_WEAK", Grade.WARN),
        (2047, "DKIM_KEY_WEAK", Grade.WARN),
        (4097, "DKIM_KEY_LONG", Grade.WARN),
    ],
)
def test_a_key_that_is_too_short_or_too_long_is_told_with_its_length(
    bits: int, tag: str, grade: Grade
) -> None:
    fault = judge_key(f"v=DKIM1; k=rsa; p={rsa_key(bits)}")
    assert fault is not None
    assert (fault.tag, fault.grade) == (tag, grade)
    assert f"{bits} bits" in fault.summary.format(name="x")


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_lengths_that_every_receiver_takes_are_good(bits: int) -> None:
    assert judge_key(f"p={rsa_key(bits)}") is None


@pytest.mark.parametrize(("octets", "tag"), [(32, None), (31, "DKIM_KEY_BROKEN"), (44, "DKIM_KEY_BROKEN")])
def test_an_ed25519_key_has_32_octets(octets: int, tag: str | None) -> None:
    assert tag_of(f"v=DKIM1; k=ed25519; p={text(b'k' * octets)}") == tag


@pytest.mark.parametrize(
    ("extra", "tag"),
    [
        ("h=sha256", None),
        ("h=sha1:sha256", None),
        ("h=SHA256", None),
        ("h=sha1", "DKIM_KEY_HASH"),
        ("h=", "DKIM_KEY_HASH"),
        ("s=*", None),
        ("s=tlsrpt:email", None),
        ("s=tlsrpt", "DKIM_KEY_SERVICE"),
        ("t=s", None),
        ("t=", None),
        ("t=y", "DKIM_TESTING"),
        ("t=s : y", "DKIM_TESTING"),
        ("k=rsa", None),
        ("k=dsa", "DKIM_KEY_ALGORITHM"),
        ("k={name.__class__}", "DKIM_KEY_ALGORITHM"),
        ("n=a note; g=*; x=1", None),
        ("v=DKIM2", "DKIM_WRONG"),
        ("p=", "DKIM_WRONG"),
    ],
)
def test_tags_that_shut_a_key_out_are_told(extra: str, tag: str | None) -> None:
    assert tag_of(f"{extra}; p={DKIM_KEY}") == tag


def test_what_is_worse_is_told_first() -> None:
    assert tag_of(f"t=y; p={rsa_key(512)}") == "DKIM_KEY_SHORT"
    assert tag_of(f"t=y; h=sha1; p={rsa_key(512)}") == "DKIM_KEY_HASH"
    assert tag_of(f"t=y; p={rsa_key(1024)}") == "DKIM_KEY_WEAK"
    assert tag_of("h=sha1; p=") == "DKIM_KEY_REVOKED"


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\x30",
        EC_KEY,
        der(0x31, b""),
        der(0x30, b""),
        der(0x30, der(0x02, b"\x01")),
        der(0x30, der(0x02, b"") + der(0x02, b"\x03")),
        der(0x30, der(0x02, b"\x80") + der(0x02, b"\x03")),
        der(0x30, der(0x02, b"\x01") + der(0x02, b"")),
        b"\x30\x80\x02\x01\x03\x02\x01\x03\0\0",
        b"\x30\xff\x02",
    ],
)
def test_bytes_that_are_no_rsa_key_are_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|RSA|another type"):
        _ = rsa_bits(key)


@pytest.mark.parametrize("length", range(1, len(DKIM_KEY), 13))
def test_a_key_that_is_cut_off_anywhere_is_broken(length: int) -> None:
    assert tag_of(f"v=DKIM1; p={DKIM_KEY[:length]}") == "DKIM_KEY_BROKEN"


@given(st.binary(max_size=400))
def test_any_bytes_can_be_judged(key: bytes) -> None:
    for kind in ("rsa", "ed25519"):
        fault = judge_key(f"k={kind}; p={text(key)}")
        assert fault is None or fault.summary.format(name="x")
