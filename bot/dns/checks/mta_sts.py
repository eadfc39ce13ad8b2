"""MTA-STS: whether senders have to use TLS, and which MX hosts they may deliver to (RFC 8461)."""

import re
from dataclasses import dataclass
from typing import Self

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.dns.policy import NoPolicy, Policies, PolicyText, Unfetched
from bot.model import Finding, Grade, Subject

NAME = "_mta-sts"
"""Relative to the domain."""

# RFC 8461 section 3.1: other TXT records at the name are not meant; case counts.
_RECORD = re.compile(r"v=STSv1\s*(?:;|$)")
_ID = re.compile(r"\s*id\s*=\s*[A-Za-z0-9]{1,32}\s*")
_MX = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)*[a-z0-9-]+\.?", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}:")
_YEAR = 31_557_600
_OFF = "Senders act as if there were no MTA-STS."


@dataclass(frozen=True, slots=True)
class Policy:
    """`mistake`: what makes senders pass it over, None if nothing does. `mx`: names, or `*.` and a name."""

    mode: str
    mx: tuple[str, ...]
    mistake: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        lines = [line for line in re.split(r"\r?\n", text) if line.strip()]
        fields = [(key, value.strip()) for key, _, value in (line.partition(":") for line in lines)]
        # RFC 8461 section 3.2: of a field that stands twice, the first counts; mx may stand often.
        first = dict(reversed(fields))
        mode, age = first.get("mode", ""), first.get("max_age", "")
        mx = tuple(value.lower().rstrip(".") for key, value in fields if key == "mx")
        mistake = None
        if first.get("version") != "STSv1":
            mistake = "it has no line version: STSv1"
        elif mode not in {"enforce", "testing", "none"}:
            mistake = "its mode is not enforce, testing or none"
        elif not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > _YEAR:
            mistake = f"its max_age is not a number of seconds up to {_YEAR}"
        elif bad := [line for line in lines if not _FIELD.match(line)]:
            mistake = f"the line {bad[0][:80]!r} is not a name, a colon and a value"
        elif mode != "none" and not mx:
            mistake = "it names no mx"
        elif bad := [name for name in mx if not _MX.fullmatch(name)]:
            mistake = f"{bad[0][:80]} is not the name of an mx"
        return cls(mode, mx, mistake)

    def allows(self, host: str) -> bool:
        """RFC 8461 section 4.1: a wildcard stands for exactly one label."""
        return any(
            host == name or (name.startswith("*.") and host.partition(".")[2] == name[2:]) for name in self.mx
        )


async def check_mta_sts(
    domain: str, expected: Expected, answer: Answer, mx: Answer, ask: Resolver, policies: Policies
) -> list[Finding]:
    """`answer`: the TXT records of `_mta-sts.<domain>`; `mx`: the MX records of the domain.

    Only where there is a good record, more is asked for: the addresses of mta-sts.<domain>, and the policy there.
    """
    name = f"{NAME}.{domain}"
    match answer:
        case Unanswered():
            return [unknown(Subject.MTA_STS, f"The MTA-STS record at {name}", answer)]
        case NoDomain() | NoData():
            values: tuple[str, ...] = ()
        case Records(values=values):
            pass
    records = [value for value in values if _RECORD.match(value)]
    meant = tuple(value for value in values if value.strip().lower().startswith("v=sts"))
    match records:
        case [record] if any(_ID.fullmatch(part) for part in record.split(";")[1:]):
            return await _check_policy(domain, expected, mx, ask, policies)
        case [] if not meant:
            return [
                _note(
                    "MTA_STS_ABSENT",
                    f"{domain} has no MTA-STS.",
                    "Senders deliver without TLS if somebody on the way prevents it.",
                )
            ]
        case [] | [_]:
            return [
                _warn(
                    "MTA_STS_INVALID",
                    f"The MTA-STS record at {name} can't be read.",
                    f"{_OFF} It is v=STSv1; id= and up to 32 letters and digits, which change with each new policy.",
                    meant,
                )
            ]
        case _:
            return [
                _warn(
                    "MTA_STS_MULTIPLE",
                    f"{name} has {len(records)} MTA-STS records; only one is allowed.",
                    f"{_OFF} Keep the one whose id you gave last.",
                    meant,
                )
            ]


async def _check_policy(
    domain: str, expected: Expected, mx: Answer, ask: Resolver, policies: Policies
) -> list[Finding]:
    host = f"mta-sts.{domain}"
    url = f"https://{host}/.well-known/mta-sts.txt"
    a, aaaa = await ask.lookup(host, "A"), await ask.lookup(host, "AAAA")
    if not isinstance(a, Records) and not isinstance(aaaa, Records):
        for answer in (a, aaaa):
            if isinstance(answer, Unanswered):
                return [unknown(Subject.MTA_STS, f"The address of {host}", answer)]
        return [_unreachable(url, f"{host} has no address")]
    match await policies.fetch(host):
        case Unfetched(why=why):
            return [
                Finding(
                    Subject.MTA_STS,
                    "MTA_STS_UNANSWERED",
                    Grade.UNKNOWN,
                    f"The MTA-STS policy {url} could not be fetched: {why}.",
                    "This says nothing about the policy; it is fetched again.",
                )
            ]
        case NoPolicy(why=why):
            return [_unreachable(url, why)]
        case PolicyText(text=text):
            policy = Policy.parse(text)
            if policy.mistake is not None:
                return [
                    _warn(
                        "MTA_STS_POLICY_INVALID",
                        f"The MTA-STS policy {url} can't be used: {policy.mistake}.",
                        f"{_OFF} Mend it, then change the id in the record at {NAME}.{domain}.",
                        (text[:500],),
                    )
                ]
            return _judge(domain, expected, policy, mx)


def _judge(domain: str, expected: Expected, policy: Policy, mx: Answer) -> list[Finding]:
    found = (f"mode: {policy.mode}", *(f"mx: {name}" for name in policy.mx))
    if policy.mode == "none":
        return [_note("MTA_STS_NONE", f"{domain} has switched MTA-STS off (mode: none).", _OFF, found)]
    findings = _compare(domain, expected, policy, mx, found)
    if policy.mode == "testing":
        why = "Senders report what is wrong, and deliver all the same. When no reports come, change it to enforce."
        findings.append(
            _note("MTA_STS_TESTING", f"The MTA-STS policy of {domain} is in testing mode.", why, found)
        )
    return findings or [
        ok(Subject.MTA_STS, "Senders have to use TLS, and the policy names the right MX.", *found)
    ]


def _compare(
    domain: str, expected: Expected, policy: Policy, mx: Answer, found: tuple[str, ...]
) -> list[Finding]:
    match mx:
        case Unanswered():
            return [
                unknown(Subject.MTA_STS, f"The MX of {domain}, which the MTA-STS policy has to name,", mx)
            ]
        case NoDomain() | NoData():
            return []
        case Records(values=values):
            hosts = [value.split()[-1].rstrip(".") for value in values]
    left_out = [host for host in hosts if host and not policy.allows(host)]
    if not left_out:
        return []
    # RFC 8461 section 5: under enforce, senders must not deliver to a host that the policy does not name.
    stops = policy.mode == "enforce" and (expected.mx_host in left_out or len(left_out) == len(hosts))
    means = {
        True: "Senders that know MTA-STS refuse to deliver there",
        False: "Senders that know MTA-STS would refuse to deliver there, if it were enforced",
    }[policy.mode == "enforce"]
    lines = ", ".join(f"mx: {host}" for host in left_out)
    return [
        Finding(
            Subject.MTA_STS,
            "MTA_STS_MX_MISMATCH",
            Grade.FAIL if stops else Grade.WARN,
            f"The MTA-STS policy of {domain} does not name its MX {', '.join(left_out)}.",
            f"{means}. Add to the policy {lines}; then change the id in the record at {NAME}.{domain}.",
            found,
        )
    ]


def _unreachable(url: str, why: str) -> Finding:
    return _warn(
        "MTA_STS_UNREACHABLE",
        f"The MTA-STS policy {url} can't be fetched: {why}.",
        # RFC 8461 section 5.1: a policy that a sender has kept goes on to count until its max_age.
        f"{_OFF} Those that know an earlier policy hold to that one. Put the policy there, or take the record away.",
    )


def _note(tag: str, summary: str, why: str, found: tuple[str, ...] = ()) -> Finding:
    return Finding(Subject.MTA_STS, tag, Grade.INFO, summary, why, found)


def _warn(tag: str, summary: str, why: str, found: tuple[str, ...] = ()) -> Finding:
    return Finding(Subject.MTA_STS, tag, Grade.WARN, summary, why, found)
