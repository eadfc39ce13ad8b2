"""Passwords: those we make are good, and those people type are judged with what is known about the user."""

import pytest
from zxcvbn import zxcvbn

from bot.passwords import ALPHABET, generate, judge


def test_generated_passwords_are_strong_and_all_different() -> None:
    made = {generate() for _ in range(200)}
    assert len(made) == 200
    for password in list(made)[:20]:
        assert zxcvbn(password)["score"] == 4


def test_generated_passwords_have_digits_and_both_cases_and_no_look_alikes() -> None:
    for password in (generate() for _ in range(200)):
        assert any(map(str.isdigit, password))
        assert any(map(str.isupper, password))
        assert any(map(str.islower, password))
        assert set(password) <= set(ALPHABET) | {"-"}
    assert not set("0O1lIo") & set(ALPHABET)


@pytest.mark.parametrize("password", ["password", "Passw0rd!", "qwertyuiop123", "aaaaaaaaaaaaaaaaaaaa", ""])
async def test_weak_password_is_refused_with_advice(password: str) -> None:
    strength = await judge(password)
    assert not strength.acceptable
    assert strength.advice
    assert strength.label in {"Very weak", "Weak", "Fair"}


@pytest.mark.parametrize("password", ["Gravel-Otter-Piano-82", "vier gruene fische tanzen", "kX9#mQ2$vL7!"])
async def test_strong_password_is_accepted(password: str) -> None:
    strength = await judge(password)
    assert strength.acceptable
    assert strength.label in {"Strong", "Very strong"}


async def test_what_belongs_to_the_user_makes_a_password_weak() -> None:
    context = ["wolkenbruch.severin", "zwitscherhof.example"]
    assert (await judge("wolkenbruch.severin")).acceptable
    assert not (await judge("wolkenbruch.severin", context=context)).acceptable


async def test_short_password_is_refused_however_random() -> None:
    strength = await judge("xK9#q!Z2")
    assert not strength.acceptable
    assert strength.advice[0] == "Use at least 10 characters."


async def test_long_password_is_judged_and_not_choked_on() -> None:
    assert (await judge("correct horse battery staple " * 20)).acceptable


async def test_control_characters_are_refused() -> None:
    assert not (await judge("Gravel-Otter\n-Piano-82")).acceptable


async def test_the_verdict_does_not_repeat_the_password() -> None:
    assert "Gravel-Otter" not in repr(await judge("Gravel-Otter-Piano-82"))
