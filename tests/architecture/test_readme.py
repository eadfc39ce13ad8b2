"""README.md and mailwarden.example.toml against the code: what they list is what there is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.model import ProviderKind
from bot.settings import load_settings
from bot.settings.keys import config_keys

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "mailwarden.example.toml").read_text(encoding="utf-8")
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-1111-2222-aBcDeFgHiJkL",
    "SLACK_APP_TOKEN": "xapp-1-A1111-2222-deadbeef",
    "PURELYMAIL_API_TOKEN": "pm-live-0c0ffee0",
    "MAILINABOX_PASSWORD": "",
    "DATABASE_PASSWORD": "",
}
TITLES = {
    None: "",
    ProviderKind.PURELYMAIL: "PurelyMail: ",
    ProviderKind.MAILINABOX: "Mail-in-a-Box: ",
}


def rows(heading: str) -> list[str]:
    """The rows of the first table of a section, without its head."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table
    return table[0].splitlines()[2:]


def config_rows() -> list[str]:
    return [
        f"| `{key.path}` | {'required' if key.default is None else f'`{key.default}`'} "
        f"| {TITLES[key.provider]}{key.about.meaning} |"
        for key in config_keys()
    ]


def command_rows() -> list[str]:
    manifest: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return [
        f"| `{' '.join(filter(None, (command['command'], command.get('usage_hint'))))}` | {command['description']} |"
        for command in manifest["features"]["slash_commands"]
    ]


def test_the_configuration_table_lists_every_key_with_default_and_meaning() -> None:
    assert rows("Configuration") == config_rows()


def test_the_command_table_is_that_of_the_manifest() -> None:
    assert rows("Commands") == command_rows()


def test_every_folder_of_the_layout_is_there() -> None:
    for row in rows("Layout"):
        folder = re.findall(r"`([^`]+)/`", row)[0]
        assert (ROOT / folder).is_dir(), folder


def test_every_package_is_in_the_layout() -> None:
    packages = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "bot").glob("*/__init__.py")} - {
        "bot/settings"
    }
    assert packages <= {re.findall(r"`([^`]+)/`", row)[0] for row in rows("Layout")}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README))))
def test_every_link_leads_to_a_file(target: str) -> None:
    assert (ROOT / target).is_file()


def test_the_example_needs_nothing_but_ones_own_ids_and_tokens(tmp_path: Path) -> None:
    path = tmp_path / "mailwarden.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    assert load_settings(path, ENVIRON).accounts[0].name == "main"


def test_what_the_example_has_commented_out_are_all_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mailwarden.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    as_it_is = load_settings(path, ENVIRON)
    spelled_out = re.sub(r"^# (?=\[|\w+ = )", "", EXAMPLE, flags=re.MULTILINE)
    path.write_text(spelled_out, encoding="utf-8")
    assert load_settings(path, ENVIRON) == as_it_is
    for key in config_keys():
        name = key.path.rpartition(".")[2]
        assert re.search(rf"^(?:#   )?{name} = ", spelled_out, re.MULTILINE), key.path


def test_the_example_of_the_environment_names_every_variable() -> None:
    names = re.findall(r"^(\w+)=$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert names == list(ENVIRON)
    assert [
        re.findall(r"`([A-Z_]+)`", row)[0]
        for row in re.findall(r"^\| `[A-Z_]{8,}` .*$", README, re.MULTILINE)
    ] == names
