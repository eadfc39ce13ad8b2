from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.errors import ConfigError
from bot.model import ProviderKind
from bot.settings import (
    MailInABoxSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    load_settings,
    read_env_file,
)

BOT = "xoxb-1111-2222-aBcDeFgHiJkL"
APP = "xapp-1-A1111-2222-deadbeef"
API = "pm-live-0c0ffee0-1111-2222"
ENVIRON = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "PURELYMAIL_API_TOKEN": API}
SMALLEST = """
[[accounts]]
name = "main"
provider = "purelymail"

[operators]
owners = ["U0OLGA"]

[channels]
deletions = "C0MAILOPS"
digest = "C0DIGEST"

[times]
timezone = "Europe/Zurich"
"""
ALL = """
[slack]
api_url = "http://127.0.0.1:8025/api"

[[accounts]]
name = "main"
provider = "purelymail"
base_url = "http://[::1]:8026/"
timeout = 2

[[accounts]]
name = "second"
provider = "purelymail"
api_token_env = "SECOND_TOKEN"

[operators]
owners = ["U0OLGA"]
admins = ["S0ADMINS", "W0ADA"]
viewers = ["U0VIC"]

[channels]
deletions = "C0MAILOPS"
digest = "G0DIGEST"

[times]
timezone = "Asia/Kolkata"
digest = "07:30"
digest_weekday = "monday"
refresh = 03:15:00

[deletions]
grace_hours = 1.5

[database]
url = "sqlite+aiosqlite:////var/lib/mailwarden/state.db"

[dns]
resolvers = ["192.0.2.53", "127.0.0.1:5353", "2001:db8::53", "[2001:db8::53]:5353"]
in_flight = 20
picture = false

[logging]
level = "DEBUG"
"""
NO_BOT_TOKEN = (
    "SLACK_BOT_TOKEN: not set in the environment; expected a token that begins with xoxb-, from "
    'api.slack.com/apps → your app → "OAuth & Permissions" → "Bot User OAuth Token"'
)
NO_SUCH_ZONE = (
    'times.timezone: expected an IANA time zone such as "Europe/Zurich"; found "Europe/Zurch". '
    'Did you mean "Europe/Zurich"?'
)
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str = SMALLEST, **changes: str) -> Settings:
        path = tmp_path / "mailwarden.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, {**ENVIRON, **changes})

    return load


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    def problems(text: str = SMALLEST, **changes: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, **changes)
        return caught.value.problems

    return problems


Problems = Callable[..., list[str]]


def tokens(settings: Settings) -> list[str]:
    return [
        account.api_token.get_secret_value()
        for account in settings.accounts
        if isinstance(account, PurelyMailSettings)
    ]


def test_the_smallest_file_gives_the_documented_defaults(load: Load) -> None:
    settings = load()
    assert settings.accounts[0].provider is ProviderKind.PURELYMAIL
    assert settings.accounts[0].base_url == "https://purelymail.com"
    assert settings.times.timezone == ZoneInfo("Europe/Zurich")
    assert (settings.times.digest, settings.times.refresh) == (time(9), time(2))
    assert settings.deletions.grace == timedelta(hours=24)
    assert settings.slack.api_url == "https://slack.com/api/"


def test_every_key_can_be_set(load: Load) -> None:
    settings = load(ALL, SECOND_TOKEN="pm-live-second")
    assert settings.slack.api_url == "http://127.0.0.1:8025/api/"
    assert settings.accounts[0].base_url == "http://[::1]:8026"
    assert settings.accounts[0].timeout == 2.0
    assert tokens(settings) == [API, "pm-live-second"]
    assert settings.operators.admins == ("S0ADMINS", "W0ADA")
    assert settings.times.digest == time(7, 30)
    assert settings.times.refresh == time(3, 15)
    assert settings.times.digest_weekday == "monday"
    assert settings.dns.picture is False
    assert settings.deletions.grace == timedelta(minutes=90)
    assert settings.dns.resolvers == ("192.0.2.53", "127.0.0.1:5353", "2001:db8::53", "[2001:db8::53]:5353")


BOX = """
[[accounts]]
name = "box"
provider = "mailinabox"
base_url = "https://box.example.com/admin/"
login = "mailwarden@example.com"
[operators]"""
WITH_BOX = SMALLEST.replace("[operators]", BOX)
BOX_PASSWORD = "f0ur words <are> ok..."


def test_a_box_has_keys_of_its_own(load: Load) -> None:
    purelymail, box = load(WITH_BOX, MAILINABOX_PASSWORD=BOX_PASSWORD).accounts
    assert isinstance(purelymail, PurelyMailSettings)
    assert isinstance(box, MailInABoxSettings)
    assert (box.base_url, box.login) == ("https://box.example.com/admin", "mailwarden@example.com")
    assert box.password.get_secret_value() == BOX_PASSWORD
    assert (box.ca_file, box.timeout) == ("", 60.0)
    assert BOX_PASSWORD not in repr(box)


def test_a_box_without_login_takes_its_api_key(load: Load) -> None:
    text = WITH_BOX.replace('login = "mailwarden@example.com"\n', "")
    box = load(text, MAILINABOX_PASSWORD="2f48d32c33a317c938ed2bf664a59c49").accounts[1]
    assert isinstance(box, MailInABoxSettings)
    assert box.login == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('base_url = "https://box.example.com/admin/"\n', "", 'accounts[1].base_url: expected an address such as "https://box.example.com/admin", or http on this machine; missing.'),
        ("https://box", "http://box", "accounts[1].base_url: expected an address such as"),
        ("mailwarden@", "Mailwarden@", "accounts[1].login: expected an address in lower case"),
        ("login = ", 'ca_file = "/nowhere"\nlogin = ', 'accounts[1].ca_file: expected the path of a file with certificates in PEM; found "/nowhere". It can\'t be read'),
        ("login = ", "timeout = 301\nlogin = ", "accounts[1].timeout: expected seconds, more than 0 and at most 300; found 301."),
        ("login = ", 'api_token_env = "X"\nlogin = ', "accounts[1].api_token_env: accounts of this provider have no such key. Expected one of: name, provider, base_url"),
        ("login = ", "log_in = ", "accounts[1].log_in: unknown key. Did you mean login?"),
        ('"purelymail"', '"purelymail"\nlogin = "x@y.example"', "accounts[0].login: accounts of this provider have no such key."),
        ('provider = "mailinabox"\n', "", 'accounts[1].provider: expected one of "purelymail", "mailinabox"; missing.'),
        ("login = ", 'password = "s3cr3t"\nlogin = ', "accounts[1].password: a password has no place in this file. Delete it here and set the environment variable that password_env names instead."),
    ],
)  # fmt: skip
def test_each_mistake_about_a_box_is_named(problems: Problems, old: str, new: str, told: str) -> None:
    (problem,) = problems(WITH_BOX.replace(old, new), MAILINABOX_PASSWORD=BOX_PASSWORD)
    assert problem.startswith(told)
    assert "s3cr3t" not in problem


@pytest.mark.parametrize("value", ["", "pässwort", "two\x00parts"])
def test_a_password_that_a_box_can_not_take_is_refused_and_not_shown(problems: Problems, value: str) -> None:
    (problem,) = problems(WITH_BOX, MAILINABOX_PASSWORD=value)
    assert problem.startswith("MAILINABOX_PASSWORD: ")
    assert "expected a password in ASCII" in problem
    assert not value or value not in problem


def test_a_ca_file_that_holds_no_certificate_is_told(problems: Problems, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing of the kind")
    text = WITH_BOX.replace("login = ", f'ca_file = "{path}"\nlogin = ')
    (problem,) = problems(text, MAILINABOX_PASSWORD=BOX_PASSWORD)
    assert problem.endswith("It holds no certificate that can be read.")


def test_two_boxes_with_one_password_variable_are_refused(problems: Problems) -> None:
    text = WITH_BOX.replace("[operators]", BOX.replace('"box"', '"box2"'))
    (problem,) = problems(text, MAILINABOX_PASSWORD=BOX_PASSWORD)
    assert problem.startswith(
        "accounts[2].password_env: MAILINABOX_PASSWORD already holds the password of accounts[1]"
    )


def test_all_problems_are_told_at_once(problems: Problems) -> None:
    text = (
        SMALLEST.replace('"purelymail"', '"gmail"').replace("Europe/Zurich", "Europe/Zurch")
        + 'colour = "blue"\n'
    )
    assert problems(text, SLACK_BOT_TOKEN="") == [
        NO_BOT_TOKEN,
        'accounts[0].provider: expected one of "purelymail", "mailinabox"; found "gmail".',
        NO_SUCH_ZONE,
        "times.colour: unknown key. Expected one of: timezone, digest, digest_weekday, refresh.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'deletions = "C0MAILOPS"',
            'deletion = "C0MAILOPS"',
            "channels.deletion: unknown key. Did you mean deletions?",
        ),
        ("[channels]", "[channel]", "channel: unknown key. Did you mean channels?"),
        (
            "[channels]",
            "grace_hours = 3\n[channels]",
            "operators.grace_hours: unknown key. Did you mean deletions.grace_hours?",
        ),
        (
            "[times]",
            "[deletions]\ngrace = 3\n[times]",
            "deletions.grace: unknown key. Did you mean grace_hours?",
        ),
        ('name = "main"', 'named = "main"', "accounts[0].named: unknown key. Did you mean name?"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(
    problems: Problems, old: str, new: str, told: str
) -> None:
    assert told in problems(SMALLEST.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"C0MAILOPS"', '"#mail-ops"', 'channels.deletions: expected a channel id such as "C0123ABCD"; found "#mail-ops". In Slack, click'),
        ('"C0MAILOPS"', "5", 'channels.deletions: expected a channel id such as "C0123ABCD"; found 5.'),
        ('digest = "C0DIGEST"', "", 'channels.digest: expected a channel id such as "C0123ABCD"; missing. In Slack, click'),
        ('"U0OLGA"', '"@olga"', 'operators.owners: expected a list of Slack ids, of people ("U0123ABCD") or of user groups ("S0123ABCD"); found "@olga" in it.'),
        ('["U0OLGA"]', '"U0OLGA"', "operators.owners: expected a list of Slack ids"),
        ('"main"', '"Main Account"', "accounts[0].name: expected up to 32 lower-case letters"),
        ('"Europe/Zurich"', '"../../etc/passwd"', "times.timezone: expected an IANA time zone"),
        ('"Europe/Zurich"', "60", "times.timezone: expected an IANA time zone"),
        ("[times]", '[times]\ndigest = "9 am"', 'times.digest: expected a time of day such as "09:00"; found "9 am".'),
        ("[times]", '[times]\ndigest = "24:00"', "times.digest: expected a time of day"),
        ("[times]", "[times]\ndigest = 9", "times.digest: expected a time of day"),
        ("[times]", "[times]\ndigest = 2026-01-01T09:00:00Z", "times.digest: expected a time of day"),
        ("[times]", "[deletions]\ngrace_hours = 0.9\n[times]", "deletions.grace_hours: expected hours, at least 1 and at most 720 (30 days); found 0.9."),
        ("[times]", "[deletions]\ngrace_hours = 720.1\n[times]", "deletions.grace_hours: expected hours"),
        ("[times]", "[deletions]\ngrace_hours = nan\n[times]", "deletions.grace_hours: expected hours"),
        ("[times]", "[deletions]\ngrace_hours = true\n[times]", "deletions.grace_hours: expected hours"),
        ("[times]", '[deletions]\ngrace_hours = "24"\n[times]', "deletions.grace_hours: expected hours"),
        ("[times]", '[database]\nurl = "mailwarden.db"\n[times]', "database.url: expected"),
        ("[times]", '[database]\nurl = "sqlite+aiosqlite:///:memory:"\n[times]', "database.url: expected"),
        ("[times]", "[database]\nurl = 5\n[times]", "database.url: expected"),
        ("[times]", "[[database]]\n[times]", "database: expected a table, written as [database]."),
        ("[times]", '[dns]\nresolvers = ["dns.example"]\n[times]', "dns.resolvers: expected a list of IP addresses"),
        ("[times]", '[dns]\nresolvers = ["192.0.2.1:0"]\n[times]', "dns.resolvers: expected a list of IP addresses"),
        ("[times]", "[dns]\nin_flight = 0\n[times]", "dns.in_flight: expected a whole number from 1 to 500; found 0."),
        ("[times]", '[dns]\npicture = "no"\n[times]', 'dns.picture: expected true or false; found "no".'),
        ("[times]", '[times]\ndigest_weekday = "Montag"', 'times.digest_weekday: expected a day such as "monday", or ""; found "Montag".'),
        ("[times]", '[logging]\nlevel = "loud"\n[times]', 'logging.level: expected one of "DEBUG", "INFO", "WARNING", "ERROR"; found "loud".'),
        ("[times]", '[slack]\napi_url = "http://slack.example/api/"\n[times]', "slack.api_url: expected an https address"),
        ("[operators]", 'base_url = "http://purelymail.com"\n[operators]', "accounts[0].base_url: expected an https address"),
        ("[operators]", "timeout = 0\n[operators]", "accounts[0].timeout: expected seconds"),
        ("[operators]", "timeout = nan\n[operators]", "accounts[0].timeout: expected seconds"),
        ("[[accounts]]", "[accounts]", "accounts: expected a list of tables; write [[accounts]]"),
        ("[channels]", "[[channels]]", "channels: expected a table, written as [channels]."),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_key_and_what_was_expected(
    problems: Problems, old: str, new: str, told: str
) -> None:
    text = SMALLEST.replace(old, new)
    assert text != SMALLEST
    assert any(problem.startswith(told) for problem in problems(text)), problems(text)


SECRET = "p@ss:w/rd%?"


def with_database(url: str) -> str:
    return f'{SMALLEST}[database]\nurl = "{url}"\n'


@pytest.mark.parametrize(
    "place",
    [
        "db.example:5432/mailwarden",
        "db/mailwarden",
        "192.0.2.1:5433/mailwarden?ssl=verify-full",
        "[2001:db8::1]:5432/mailwarden",
        "/mailwarden?host=/run/postgresql",
        "/mailwarden?host=/run/postgresql&port=5433",
    ],
)
@pytest.mark.parametrize("user", ["", "bot@"])
def test_a_postgresql_database_is_fine(load: Load, place: str, user: str) -> None:
    url = f"postgresql+asyncpg://{user}{place}"
    assert load(with_database(url)).database.url == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgres://bot@db/m", 'Write "postgresql+asyncpg://" in place of "postgres://".'),
        ("postgresql://bot@db/m", 'Write "postgresql+asyncpg://" in place of "postgresql://".'),
        ("postgresql+psycopg2://bot@db/m", 'Write "postgresql+asyncpg://" in place of "postgresql+psycopg2://".'),
        ("postgresql+asyncpg://bot@db/m?sslmode=require", 'Write "ssl=" in place of "sslmode=".'),
        ("postgresql+asyncpg://bot@db/m?ssl=yes", "ssl: expected one of: disable, allow, prefer, require, verify-ca, verify-full."),
        ("postgresql+asyncpg://bot@db/m?timeout=3", "timeout: unknown option; expected one of: ssl, host, port."),
        ("postgresql+asyncpg://bot@db", 'or "postgresql+asyncpg://user@host:5432/name"'),
        ("postgresql+asyncpg:///m", 'or "postgresql+asyncpg://user@host:5432/name"'),
        ("postgresql+asyncpg://bot@db:port/m", 'or "postgresql+asyncpg://user@host:5432/name"'),
        ("postgresql+asyncpg:bot@db/m", 'or "postgresql+asyncpg://user@host:5432/name"'),
        ("mysql://bot@db/m", 'or "postgresql+asyncpg://user@host:5432/name"'),
    ],
)  # fmt: skip
def test_any_other_database_url_says_what_to_write_and_is_not_shown(
    problems: Problems, url: str, told: str
) -> None:
    for spelled in (url, url.replace("bot@", "bot:s3cr3t@")):
        (problem,) = problems(with_database(spelled))
        assert problem.startswith("database.url: expected ")
        assert told in problem
        assert "s3cr3t" not in problem


@pytest.mark.parametrize("written", [SECRET.replace("%", "%25"), quote(SECRET, safe="")])
def test_a_password_in_the_url_is_kept_apart_from_it(load: Load, written: str) -> None:
    settings = load(with_database(f"postgresql+asyncpg://bot:{written}@db/mailwarden"))
    assert settings.database.url == "postgresql+asyncpg://bot@db/mailwarden"
    assert settings.database.password == SecretStr(SECRET)
    assert SECRET not in repr(settings)
    assert written not in repr(settings)


def test_the_databases_password_may_come_from_the_environment(load: Load, tmp_path: Path) -> None:
    url = "postgresql+asyncpg://bot@db/mailwarden"
    (tmp_path / "password").write_text(f"{SECRET}\n")
    assert load(with_database(url), DATABASE_PASSWORD=SECRET).database.password == SecretStr(SECRET)
    from_file = load(with_database(url), DATABASE_PASSWORD_FILE=str(tmp_path / "password"))
    assert from_file.database.password == SecretStr(SECRET)
    assert load(with_database(url), DATABASE_PASSWORD="").database.password is None


def test_two_passwords_for_the_database_are_refused(problems: Problems) -> None:
    url = "postgresql+asyncpg://bot:s3cr3t-1@db/mailwarden"
    assert problems(with_database(url), DATABASE_PASSWORD="s3cr3t-2") == [
        "DATABASE_PASSWORD: database.url has a password already; keep one of them"
    ]


def test_an_empty_file_with_the_databases_password_is_named(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (problem,) = problems(DATABASE_PASSWORD_FILE=str(tmp_path / "empty"))
    assert problem.startswith("DATABASE_PASSWORD: the file of DATABASE_PASSWORD_FILE is empty")


@pytest.mark.parametrize("hours", ["1", "720", "24.5"])
def test_a_grace_period_at_the_limits_is_fine(load: Load, hours: str) -> None:
    settings = load(SMALLEST + f"[deletions]\ngrace_hours = {hours}\n")
    assert settings.deletions.grace == timedelta(hours=float(hours))


@pytest.mark.parametrize("line", ["", "owners = []", "owners = []\nadmins = []\nviewers = []"])
def test_without_operators_it_refuses_and_says_what_to_write(problems: Problems, line: str) -> None:
    (problem,) = problems(SMALLEST.replace('owners = ["U0OLGA"]', line))
    assert problem.startswith("operators: nobody may use the bot yet.")
    assert 'owners = ["U0123ABCD"]' in problem


def test_operators_made_in_code_need_somebody_too() -> None:
    with pytest.raises(ValueError, match="nobody may use the bot yet"):
        OperatorSettings()


def test_without_accounts_it_says_what_to_write(problems: Problems) -> None:
    text = SMALLEST[SMALLEST.index("[operators]") :]
    (problem,) = problems(text)
    assert problem.startswith("accounts: no mail account is configured.")
    assert "[[accounts]]" in problem


def test_an_empty_file_names_every_required_key(problems: Problems) -> None:
    found = problems("")
    assert [problem.partition(":")[0] for problem in found] == [
        "accounts",
        "operators",
        "channels.deletions",
        "channels.digest",
        "times.timezone",
    ]


TWO = SMALLEST.replace(
    "[operators]",
    '[[accounts]]\nname = "NAME"\nprovider = "purelymail"\napi_token_env = "TOKEN_2"\n[operators]',
)


def test_two_accounts_with_two_names_are_fine(load: Load) -> None:
    settings = load(TWO.replace("NAME", "other"), TOKEN_2="pm-live-other")
    assert [account.name for account in settings.accounts] == ["main", "other"]


def test_two_accounts_of_one_name_are_refused(problems: Problems) -> None:
    assert problems(TWO.replace("NAME", "main"), TOKEN_2="pm-live-other") == [
        'accounts[1].name: "main" is the name of accounts[0] too; expected another one'
    ]


def test_two_accounts_with_one_token_are_refused(problems: Problems) -> None:
    (problem,) = problems(TWO.replace("NAME", "other").replace("TOKEN_2", "PURELYMAIL_API_TOKEN"))
    assert problem.startswith(
        "accounts[1].api_token_env: PURELYMAIL_API_TOKEN already holds the token of accounts[0]"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f'[slack]\nbot_token = "{BOT}"', "slack.bot_token: a token has no place in this file. Delete it here and set SLACK_BOT_TOKEN"),
        (f'[slack]\napi_url = "{APP}"', "slack.api_url: a token has no place in this file. Delete it here and set SLACK_APP_TOKEN"),
        (f'[logging]\nlevel = "{API}"', "logging.level: a token has no place in this file. Delete it here and set the environment variable"),
        ('[database]\npassword = "pm-live-0c0ffee0-1111-2222"', "database.password: a password has no place in this file. Delete it here and set DATABASE_PASSWORD"),
        (f'[notes]\nlist = ["{API}"]', "notes.list[0]: a token has no place in this file."),
    ],
)  # fmt: skip
def test_a_token_in_the_file_is_an_error_that_does_not_print_it(
    problems: Problems, line: str, told: str
) -> None:
    found = problems(f"{SMALLEST}{line}\n")
    assert found[0].startswith(told)
    assert not any(secret in problem for secret in (BOT, APP, API) for problem in found)


def test_a_token_where_the_name_of_a_variable_belongs_is_not_printed(problems: Problems) -> None:
    found = problems(SMALLEST.replace("[operators]", 'api_token_env = "s3cr3t-of-mine"\n[operators]'))
    assert found[0].startswith(
        "accounts[0].api_token_env: expected the name of an environment variable, in capitals"
    )
    assert "s3cr3t" not in "".join(found)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "SLACK_BOT_TOKEN",
            "",
            "SLACK_BOT_TOKEN: not set in the environment; expected a token that begins with xoxb-",
        ),
        ("SLACK_BOT_TOKEN", "  ", "SLACK_BOT_TOKEN: not set in the environment"),
        ("SLACK_BOT_TOKEN", "xoxb-...", "SLACK_BOT_TOKEN: still holds a placeholder"),
        ("SLACK_BOT_TOKEN", "xoxb-your-token", "SLACK_BOT_TOKEN: still holds a placeholder"),
        ("SLACK_BOT_TOKEN", "xoxb-", "SLACK_BOT_TOKEN: still holds a placeholder"),
        ("SLACK_BOT_TOKEN", APP, "SLACK_BOT_TOKEN: holds an app-level token: that is SLACK_APP_TOKEN"),
        ("SLACK_APP_TOKEN", BOT, "SLACK_APP_TOKEN: holds a bot token: that is SLACK_BOT_TOKEN"),
        (
            "SLACK_APP_TOKEN",
            "s3cr3t",
            "SLACK_APP_TOKEN: does not look right; expected a token that begins with xapp-",
        ),
        (
            "PURELYMAIL_API_TOKEN",
            "changeme",
            "PURELYMAIL_API_TOKEN: still holds a placeholder; expected an API token",
        ),
        ("PURELYMAIL_API_TOKEN", "two words", "PURELYMAIL_API_TOKEN: does not look right"),
        ("PURELYMAIL_API_TOKEN", "pm-ü", "PURELYMAIL_API_TOKEN: does not look right"),
    ],
)
def test_an_unusable_token_says_what_to_write_and_does_not_show_it(
    problems: Problems, name: str, value: str, told: str
) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(told)
    assert len(value.strip()) < 6 or value not in problem


def test_a_token_may_come_from_a_file(load: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{API}\n")
    settings = load(PURELYMAIL_API_TOKEN="", PURELYMAIL_API_TOKEN_FILE=str(secret))
    assert tokens(settings) == [API]


def test_a_token_file_that_is_missing_is_named(problems: Problems, tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    assert problems(SLACK_BOT_TOKEN="", SLACK_BOT_TOKEN_FILE=str(missing)) == [
        f"SLACK_BOT_TOKEN_FILE: {missing} can't be read (No such file or directory)"
    ]


def test_a_token_file_that_is_empty_is_named(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (problem,) = problems(SLACK_BOT_TOKEN="", SLACK_BOT_TOKEN_FILE=str(tmp_path / "empty"))
    assert problem.startswith("SLACK_BOT_TOKEN: the file of SLACK_BOT_TOKEN_FILE is empty")


def test_a_token_set_twice_is_refused(problems: Problems, tmp_path: Path) -> None:
    (problem,) = problems(SLACK_BOT_TOKEN_FILE=str(tmp_path))
    assert (
        problem
        == "SLACK_BOT_TOKEN: set both as SLACK_BOT_TOKEN and as SLACK_BOT_TOKEN_FILE; keep one of them"
    )


def test_no_secret_is_in_repr_or_str(load: Load) -> None:
    settings = load()
    assert not any(secret in text for secret in (BOT, APP, API) for text in (repr(settings), str(settings)))


def test_settings_are_frozen(load: Load) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().deletions.grace = timedelta(days=2)


def test_a_missing_file_is_told_together_with_missing_tokens(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "mailwarden.toml", {})
    assert caught.value.problems[0].endswith(
        "there is no such file. Copy mailwarden.example.toml there and fill it in."
    )
    assert [problem.partition(":")[0] for problem in caught.value.problems[1:]] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    ]


def test_broken_toml_names_the_line(problems: Problems) -> None:
    assert problems("[slack\n")[0].endswith("(at line 1, column 7)")


def test_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mailwarden.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="expected a text in UTF-8"):
        load_settings(path, ENVIRON)


def test_an_env_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# tokens\n\nA=1\nexport B = 'two words'\nC=\"x=y\"\nD=\n")
    assert read_env_file(path) == {"A": "1", "B": "two words", "C": "x=y", "D": ""}


def test_an_env_file_with_a_wrong_line_names_it_and_does_not_show_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\ns3cr3t\n")
    with pytest.raises(ConfigError) as caught:
        read_env_file(path)
    assert caught.value.problems == [f"{path}, line 2: expected NAME=VALUE"]
