from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
FILES = sorted(
    str(path.relative_to(ROOT))
    for folder in ("bot", "handlers", "tests")
    for pattern in ("*.py", "*.js", "*.css")
    for path in (ROOT / folder).rglob(pattern)
    if "migrations/versions" not in str(path)
)


def test_there_are_files_to_measure() -> None:
    assert len(FILES) > 50


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("tests/")])
def test_no_file_has_grown_too_long_to_read(name: str) -> None:
    lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines: make it a folder of the same name"
