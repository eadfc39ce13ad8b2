import pytest

from bot import addresses


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Anna.Keller@Acme.Example", "anna.keller@acme.example"),
        (" anna+news@acme.example ", "anna+news@acme.example"),
        (f"{'a' * 64}@acme.example", f"{'a' * 64}@acme.example"),
        ("info@münchen.example", "info@xn--mnchen-3ya.example"),
        ("info@xn--mnchen-3ya.example", "info@xn--mnchen-3ya.example"),
    ],
)
def test_address_is_spelt_as_mail_systems_have_it(typed: str, address: str) -> None:
    assert addresses.parse(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "anna",
        "@acme.example",
        "anna@",
        "anna@acme",
        "anna@acme..example",
        "anna@192.0.2.1",
        "anna@-acme.example",
        ".anna@acme.example",
        "anna..keller@acme.example",
        "anna keller@acme.example",
        '"anna keller"@acme.example',
        "änna@acme.example",
        f"{'a' * 65}@acme.example",
        f"anna@{'a' * 64}.example",
        f"anna@{'a.' * 124}example",
        "<!channel>@acme.example",
    ],
)
def test_what_not_every_mail_system_takes_is_no_address(typed: str) -> None:
    assert addresses.parse(typed) is None


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "bad\u2028name", "-"])
def test_name_that_the_dns_can_not_hold_stays_as_it_is(name: str) -> None:
    assert addresses.in_ascii(name) == name
