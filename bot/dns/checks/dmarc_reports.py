"""Where DMARC's aggregate reports go (RFC 9990)."""

import re

from bot.dns.checks.dmarc_record import DmarcRecord, dmarc_records
from bot.dns.checks.dmarc_tree import walk
from bot.dns.checks.findings import unknown
from bot.dns.lookup import NoData, NoDomain, Records, Resolver, Unanswered, a_labels
from bot.model import DnsRecord, Finding, Grade, Subject

# An address as it stands behind mailto: (RFC 6068), with the size limit of RFC 7489, which RFC 9989 ignores.
_MAILTO = re.compile(r"mailto:([^@\s,!?]+)@((?:[a-z0-9_-]+\.)+[a-z0-9-]+)(?:!\d+[kmgt]?)?", re.IGNORECASE)


async def check_reports(domain: str, place: str, record: DmarcRecord, ask: Resolver) -> list[Finding]:
    """`record` is the one at `place`, the `_dmarc` name of the domain."""
    rua = record.tags.get("rua", "")
    if not rua:
        return [
            Finding(
                Subject.DMARC,
                "DMARC_RUA_MISSING",
                Grade.INFO,
                f"The DMARC record at {place} asks for no reports.",
                "You are not told who sends in your name. To be told, add rua=mailto: and an address to it.",
                (record.text,),
            )
        ]
    findings: list[Finding] = []
    uris = [uri.strip() for uri in rua.split(",") if uri.strip()]
    bad = [uri for uri in uris if _MAILTO.fullmatch(uri) is None]
    if bad or not uris:
        findings.append(
            Finding(
                Subject.DMARC,
                "DMARC_RUA_INVALID",
                Grade.WARN,
                f"Reports can't be sent where the DMARC record at {place} wants them: {', '.join(bad) or rua}.",
                "Each place for reports (rua) is mailto: and an address; several are separated by commas.",
                (record.text,),
            )
        )
    hosts = [a_labels(matched[2]) for uri in uris if (matched := _MAILTO.fullmatch(uri))]
    for host in dict.fromkeys(hosts):
        finding = await _check_host(domain, host, record, ask)
        if finding is not None:
            findings.append(finding)
    return findings


async def _check_host(domain: str, host: str, record: DmarcRecord, ask: Resolver) -> Finding | None:
    """RFC 9990 section 4: another organisation has to say in its own DNS that it takes the reports."""
    if host == a_labels(domain):
        return None
    name = f"{a_labels(domain)}._report._dmarc.{host}"
    answer = await ask.lookup(name, "TXT")
    match answer:
        case Unanswered():
            return unknown(Subject.DMARC, f"Whether {host} takes reports about {domain}", answer)
        case Records(values=values) if dmarc_records(values):
            return None
        case Records() | NoDomain() | NoData():
            pass
    ours, theirs = await walk(domain, ask), await walk(host, ask)
    if ours.organisation == theirs.organisation:
        return None
    for unanswered in (ours.unanswered, theirs.unanswered):
        if unanswered is not None:
            return unknown(
                Subject.DMARC, f"Whether {host} belongs to the organisation of {domain}", unanswered
            )
    return Finding(
        Subject.DMARC,
        "DMARC_RUA_UNAUTHORISED",
        Grade.WARN,
        f"{host} does not say that it takes DMARC reports about {domain}.",
        f"Receivers don't send the reports there. Whoever runs {host} publishes this record; or take the address out of rua.",
        (record.text,),
        (DnsRecord(name, "TXT", "v=DMARC1"),),
    )
