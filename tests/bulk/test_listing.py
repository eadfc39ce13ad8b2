"""A pasted list or a CSV file, as people really make them."""

import pytest

from bot.bulk.listing import LIST, MOST, Entry, read
from bot.errors import InvalidInput

GB = 1024**3


def addresses(text: str) -> list[str]:
    return [entry.address for entry in read(text).entries]


@pytest.mark.parametrize(
    "text",
    [
        "anna@acme.example\nben@acme.example",
        "\ufeffanna@acme.example\r\nben@acme.example\r\n",
        "  Anna@ACME.example  \n\n# the new ones\nben@acme.example\n",
        "<mailto:anna@acme.example|anna@acme.example>\n<ben@acme.example>",
        "address\nanna@acme.example\nben@acme.example",
        'Anna Keller <anna@acme.example>\n"Osei, Ben" <mailto:ben@acme.example|ben@acme.example>',
        'E-Mail\n"anna@acme.example"\n"ben@acme.example"',
    ],
)
def test_plain_list_is_read_however_it_was_written(text: str) -> None:
    assert addresses(text) == ["anna@acme.example", "ben@acme.example"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_named_in_the_first_line_in_any_order(separator: str) -> None:
    lines = [
        ("quota", "Address", "admin", "account"),
        ("5 GB", "anna@box.example", "yes", "box"),
        ("", "ben@box.example", "", ""),
    ]
    text = "\n".join(separator.join(line) for line in lines)
    first, second = read(text).entries
    assert (first.address, first.account, first.quota, first.admin, first.problem) == (
        "anna@box.example",
        "box",
        5 * GB,
        True,
        "",
    )
    assert (second.address, second.account, second.quota, second.admin) == (
        "ben@box.example",
        "",
        None,
        False,
    )


def test_lines_keep_the_numbers_that_an_editor_shows() -> None:
    assert [entry.number for entry in read("# new\nanna@x.example\n\nben@x.example").entries] == [2, 4]


def test_domain_is_taken_in_its_ascii_form() -> None:
    assert addresses("anna@bücher.example\nben@Straße.example") == [
        "anna@xn--bcher-kva.example",
        "ben@xn--strae-oqa.example",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("anna@x.example,twelve,no", "Quota: Type a size"),
        ("anna@x.example,5 GB,perhaps", "Admin is yes or no."),
        ("anna@x.example,5 GB,no,surplus", "more columns than the first line names"),
        ("a" * 500, "The line is too long."),
    ],
)
def test_what_is_wrong_with_a_line_is_said_of_it_and_the_others_are_read(line: str, problem: str) -> None:
    wrong, right = read(f"address,quota,admin\n{line}\nben@x.example,,").entries
    assert problem in wrong.problem
    assert right == Entry(3, "ben@x.example,,", "ben@x.example")


def test_further_values_without_names_are_not_guessed() -> None:
    (entry,) = read("anna@x.example,secret-password").entries
    assert "name the columns in the first line" in entry.problem


@pytest.mark.parametrize(
    "text",
    [
        "anna@x.example,hunter2-Secret",
        "anna@x.example;hunter2-Secret",
        "anna@x.example\thunter2-Secret",
        "anna@x.example hunter2-Secret",
        "Anna Keller anna@x.example hunter2@Secret",
        "address,quota\nanna@x.example,5 GB,hunter2-Secret",
        f"address,quota\nanna@x.example,hunter2-Secret{'x' * 500}",
        f"anna@x.example hunter2-Secret{'x' * 500}",
    ],
)
def test_nothing_is_kept_of_what_may_be_a_password(text: str) -> None:
    listing = read(text)
    assert "hunter2" not in repr(listing)
    assert listing.entries[0].problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing in the list"),
        ("\n \n# anna@x.example", "nothing in the list"),
        ('"', "There is no column “”"),
        ("address,quota", "nothing below the names"),
        ("address,password\nanna@x.example,x", "Passwords are generated here"),
        ("address,shoe size\nanna@x.example,43", "no column “shoe size”"),
        ("address,email\na@x.example,a@x.example", "Name each column once"),
        ("quota\n5 GB", "address among them"),
        ("anna\nben", "A first line without an address names the columns"),
        ("a@x.example\n" * (MOST + 1), f"at most {MOST}"),
    ],
)
def test_list_of_which_nothing_can_be_made_is_refused_as_a_whole(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        _ = read(text)
    assert refused.value.field == LIST


@pytest.mark.parametrize(
    "text",
    [
        '"anna@x.example',
        "a@@b\n@",
        "@\n@",
        "\0@\0",
        "a@" + "b." * 190,
        "\u202eanna@x.example",
        "a@b" + "\u0301" * 300,
    ],
)
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    for entry in read(text).entries:
        assert len(entry.source) <= 400
