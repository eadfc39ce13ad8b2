"""Entries of the audit trail as a CSV file (RFC 4180), for people with a spreadsheet and for scripts."""

import csv
import io
from collections.abc import Mapping

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit import THE_CLOCK
from bot.audit_trail import AuditExport

COLUMNS = ("seal", "time", "operator", "operator_id", "act", "account", "target", "detail", "digest")

MANY = 50
"""So many people are asked for by name; of further ones the file has the ids only."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes spreadsheets take a cell for a formula (owasp.org, CSV Injection)."""


def made(exported: AuditExport, names: Mapping[str, str]) -> bytes:
    """The file. `names`: of operators, by Slack id. Times are in UTC; the mark at the beginning tells of UTF-8."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for entry, seal in exported.entries:
        cells = (
            "" if seal is None else str(seal.number),
            f"{entry.at:%Y-%m-%dT%H:%M:%S.%fZ}",
            names.get(entry.actor, ""),
            entry.actor,
            entry.act,
            entry.account,
            entry.target,
            entry.detail,
            "" if seal is None else seal.digest,
        )
        lines.writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


async def names(client: AsyncWebClient, exported: AuditExport) -> dict[str, str]:
    """What the operators in it are called, as far as Slack says."""
    found = {THE_CLOCK: "Mailwarden"}
    actors = dict.fromkeys(entry.actor for entry, _ in exported.entries if entry.actor != THE_CLOCK)
    for actor, _ in zip(actors, range(MANY), strict=False):
        try:
            user = (await client.users_info(user=actor))["user"]
            found[actor] = str(user.get("real_name") or user.get("name") or "")
        except (SlackApiError, aiohttp.ClientError, TimeoutError, AttributeError):
            continue
    return found


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
