import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_keep_their_contract() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    judged = subprocess.run(
        [lint, "--no-logo", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_module_of_bot_has_its_place_in_the_layers() -> None:
    layers = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    modules = {
        f"bot.{path.stem}"
        for path in (ROOT / "bot").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"bot.__init__"}
    assert {module for module in modules if f'"{module}"' not in layers.replace(" | ", '", "')} == set()
