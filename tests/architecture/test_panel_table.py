"""The README's table of what panels do and what does it here: each row is a test's, and no test's row is missing."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support import panel

ROOT = Path(__file__).parents[2]
HEADING = "Instead of a panel"
PANELS = {"PURELYMANAGE": panel.PURELYMANAGE, "BOX_PAGE": panel.BOX_PAGE}


def proven() -> Iterator[tuple[str, str, str, str]]:
    """(panel, job, what does it here, the test), file by file, as they stand there."""
    for path in sorted((ROOT / "tests" / "panel").glob("test_*.py"), reverse=True):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for call in getattr(node, "decorator_list", []):
                match call:
                    case ast.Call(
                        func=ast.Name("replaces"),
                        args=[ast.Name(system), ast.Constant(str(job)), ast.Constant(str(here))],
                    ):
                        assert isinstance(node, ast.AsyncFunctionDef)
                        yield PANELS[system], job, here, node.name
                    case _:
                        pass


def test_each_row_of_the_table_is_a_test_s_and_each_test_has_its_row() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split(f"\n## {HEADING}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert rows == [f"| {system} | {job} | {here} |" for system, job, here, _ in proven()]


def test_nothing_is_in_the_table_twice() -> None:
    jobs = [(system, job) for system, job, _, _ in proven()]
    assert len(jobs) > 25
    assert len(set(jobs)) == len(jobs)


def test_every_test_of_a_panel_is_in_the_table() -> None:
    names = {name for *_, name in proven()}
    for path in (ROOT / "tests" / "panel").glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert {
            node.name
            for node in tree.body
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_")
        } <= names
