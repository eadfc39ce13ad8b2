"""Whether each DNS resolver answers: one question, asked once more if nothing comes back."""

from collections.abc import AsyncIterator, Sequence

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.message
import dns.rcode
import dns.resolver

from bot.doctor.check import Check
from bot.settings import endpoint

_TIMEOUT = 3.0
"""Seconds."""

_ATTEMPTS = 2
_ADVICE = "Name resolvers that answer this machine in dns.resolvers."


async def ask_resolvers(configured: Sequence[str], domain: str) -> AsyncIterator[Check]:
    """A check for each resolver of the configuration, or of the system where it names none.

    Each is asked for the SOA of `domain`: any answer will do, but a refusal.
    """
    try:
        resolvers = configured or [str(server) for server in dns.asyncresolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        yield Check(passed=False, what="DNS: the system has no resolver", advice=_ADVICE)
        return
    for resolver in resolvers:
        yield await _ask(resolver, domain)


async def _ask(resolver: str, domain: str) -> Check:
    address, port = endpoint(resolver)
    question = dns.message.make_query(domain, "SOA")
    failure = ""
    for _ in range(_ATTEMPTS):
        try:
            answer = await dns.asyncquery.udp(question, address, port=port, timeout=_TIMEOUT)
        except (dns.exception.DNSException, OSError) as error:
            failure = f"does not answer ({error})"
        else:
            if answer.rcode() != dns.rcode.REFUSED:
                return Check(passed=True, what=f"DNS: {resolver} answers")
            failure = "refuses to answer"
    return Check(passed=False, what=f"DNS: {resolver} {failure}", advice=_ADVICE)
