"""The TXT record by which a mail system knows whose domain it is (https://purelymail.com/docs/domainDocs)."""

from bot.dns.checks.findings import ok, unknown
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject


def check_ownership(domain: str, code: str | None, answer: Answer) -> list[Finding]:
    """`code`: the whole record of the account, `purelymail_ownership_proof=...`; None where the mail system wants none.

    `answer`: the TXT records of the domain.
    """
    if code is None:
        return []
    prefix = code.partition("=")[0].lower() + "="
    match answer:
        case Unanswered():
            return [unknown(Subject.OWNERSHIP, f"The ownership record of {domain}", answer)]
        case NoDomain() | NoData():
            proofs: list[str] = []
        case Records(values=values):
            proofs = [value.strip() for value in values if value.strip().lower().startswith(prefix)]
    if code in proofs:
        return [ok(Subject.OWNERSHIP, f"{domain} has this account's ownership record.", code)]
    wanted = (DnsRecord(domain, "TXT", code),)
    if proofs:
        return [
            Finding(
                Subject.OWNERSHIP,
                "OWNERSHIP_OTHER",
                Grade.WARN,
                f"The ownership record of {domain} is that of another account.",
                "Whoever holds that account can add the domain to it. If that is not you, put this one in its place.",
                tuple(proofs),
                wanted,
            )
        ]
    return [
        Finding(
            Subject.OWNERSHIP,
            "OWNERSHIP_MISSING",
            Grade.INFO,
            f"{domain} has no ownership record.",
            "Mail does not need it once the domain is in the account; adding the domain again would.",
            publish=wanted,
        )
    ]
