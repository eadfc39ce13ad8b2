"""requirements.lock against pyproject.toml, without asking any registry."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
ENTRIES = re.findall(
    r"^\w(?:[^\\\n]|\\\n)*", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def pinned(entry: str) -> Requirement:
    return Requirement(re.split(r"\\\n|--hash", entry)[0].strip())


def locked(name: str, python: str) -> list[Version]:
    """The versions the lock holds for a package on a Python version (a marker may ask for another one elsewhere)."""
    return [
        Version(str(requirement.specifier).removeprefix("=="))
        for requirement in map(pinned, ENTRIES)
        if canonicalize_name(requirement.name) == canonicalize_name(name)
        and (
            requirement.marker is None
            or requirement.marker.evaluate({"python_full_version": f"{python}.9", "python_version": python})
        )
    ]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("text", WANTED)
def test_the_lock_holds_what_the_project_asks_for(text: str, python: str) -> None:
    wanted = Requirement(text)
    (version,) = locked(wanted.name, python)
    assert wanted.specifier.contains(version)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.partition("==")[0])
def test_every_entry_is_one_exact_version_with_hashes(entry: str) -> None:
    (specifier,) = pinned(entry).specifier
    assert specifier.operator == "=="
    assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)


def test_the_makefile_brings_the_locked_uv() -> None:
    (brought,) = re.findall(r"pip install .*\buv==(\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert locked("uv", PYTHONS[0]) == [Version(brought)]


def test_the_lock_names_no_registry() -> None:
    assert "://" not in "".join(ENTRIES)
