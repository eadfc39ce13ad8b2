"""The corpus as it is served: by real servers of DNS and of policies, on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.dns.direct import NameServers
from bot.dns.expectations import Expectations
from bot.dns.look import Look, Looker
from bot.dns.lookup import DnsResolver, Sweep, a_labels
from bot.dns.policy import PATH, HttpsPolicies
from bot.model import DnsRecord, MailDomain
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import NAME_SERVERS
from tests.support.dns_corpus import CODE, ELSEWHERE, Case, Policy, world

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Served:
    server: DnsServer
    looker: Looker
    resolver: DnsResolver
    impatient: DnsResolver
    looks: dict[str, Look] = field(default_factory=dict)

    async def first_look(self, case: Case) -> Look:
        """At what the corpus says, remembered."""
        if case.name not in self.looks:
            self.looks[case.name] = await self.look(case)
        return self.looks[case.name]

    async def look(self, case: Case) -> Look:
        resolver = self.impatient if case.is_silent else self.resolver
        async with Sweep(resolver) as sweep:
            return await self.looker.look(
                MailDomain(case.account, case.domain), sweep, resolver, by="one", at=NOW, wholly=True
            )

    @contextmanager
    def published(self, records: Iterable[DnsRecord]) -> Iterator[None]:
        """As if somebody put these records in place of what they replace."""
        before: dict[tuple[str, str], list[str]] = {}
        for record in sorted(records, key=str):
            name = a_labels(record.name)
            for rdtype in {"CNAME", "TXT", "MX"} if record.type == "CNAME" else {"CNAME", record.type}:
                if values := self.server.records(name, rdtype):
                    before.setdefault((name, rdtype), list(values))
            now = _beside(self.server.records(name, record.type), record)
            before.setdefault((name, record.type), [])
            for rdtype in ("CNAME", "TXT", "MX"):
                if self.server.records(name, rdtype) and "CNAME" in {record.type, rdtype}:
                    self.server.remove(name, rdtype)
            self.server.set_records(name, record.type, now)
        try:
            yield
        finally:
            for name, rdtype in before:
                if self.server.records(name, rdtype):
                    self.server.remove(name, rdtype)
            for (name, rdtype), values in before.items():
                if values:
                    self.server.set_records(name, rdtype, values)


def _beside(values: list[str], record: DnsRecord) -> list[str]:
    """What stands at the name once the record does: of TXT, all that is not of its kind."""
    match record.type:
        case "MX":
            return [f"{record.priority} {record.value}."]
        case "TXT":
            kind = record.value[:6].lower()
            others = [v for v in values if not v.replace(" ", "").lstrip('"').lower().startswith(kind)]
            return [*others, record.value]
        case _:
            return [f"{record.value}."]


@asynccontextmanager
async def serving(cases: Iterable[Case], folder: Path) -> AsyncIterator[Served]:
    """`folder`: for certificates."""
    cases = list(cases)
    server, elsewhere = DnsServer(world()), DnsServer({})
    for case in cases:
        for (name, rdtype), values in case.records.items():
            server.set_records(name, rdtype, values)
        for (name, rdtype), values in case.elsewhere.items():
            elsewhere.set_records(name, rdtype, values)
        server.faults |= case.faults
        server.signed |= case.signed
        server.ttls |= case.ttls
    await server.start()
    await elsewhere.start()
    policies = {_host(case): case.policy for case in cases if case.policy is not None}
    try:
        async with _policies(policies, folder) as fetched:
            found_at = {**dict.fromkeys(NAME_SERVERS.values(), server.address), ELSEWHERE: elsewhere.address}
            looker = Looker(
                expectations=Expectations({case.account: case.system for case in cases}),
                policies=fetched,
                direct=NameServers(in_flight=50, found_at=found_at),
                ownership=_code,
            )
            yield Served(
                server,
                looker,
                DnsResolver((server.address,), in_flight=50),
                DnsResolver((server.address,), in_flight=50, try_seconds=0.4, lifetime_seconds=1.0),
            )
    finally:
        await elsewhere.stop()
        await server.stop()


async def _code(_account: str) -> str:
    return CODE


def _host(case: Case) -> str:
    return a_labels(f"mta-sts.{case.domain}")


@asynccontextmanager
async def _policies(policies: Mapping[str, Policy], folder: Path) -> AsyncIterator[HttpsPolicies]:
    contexts = await asyncio.to_thread(_contexts, sorted(policies), folder)

    async def reply(request: web.Request) -> web.Response:
        policy = policies[request.host]
        headers = {"Location": "/elsewhere"} if policy.status // 100 == 3 else None
        return web.Response(
            text=policy.text, status=policy.status, content_type=policy.media, headers=headers
        )

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = contexts[policies[name or ""].certificate]

    contexts["good"].sni_callback = choose
    app = web.Application()
    app.router.add_get(PATH, reply)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=contexts["good"]).start()
    trusted = ssl.create_default_context(cafile=folder / "authority.pem")
    try:
        async with HttpsPolicies(server=runner.addresses[0], trusted=trusted) as fetched:
            yield fetched
    finally:
        await runner.cleanup()


def _contexts(hosts: list[str], folder: Path) -> dict[str, ssl.SSLContext]:
    """By name, contexts with a certificate of all the hosts; an authority that knows them is left in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    today = datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "The corpus' authority")])

    def signed(
        subject: x509.Name, start: int, end: int, *extensions: tuple[x509.ExtensionType, bool]
    ) -> bytes:
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(today + timedelta(days=start))
        builder = builder.not_valid_after(today + timedelta(days=end))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = signed(
        issuer, -30, 30, (x509.BasicConstraints(ca=True, path_length=None), True), (identifier, False)
    )
    (folder / "authority.pem").write_bytes(authority)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    contexts = {}
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    for name, start, end in (("good", -1, 1), ("expired", -20, -10)):
        file = folder / f"{name}.pem"
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the corpus")])
        file.write_bytes(private + signed(subject, start, end, (names, False), (known, False)))
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(file)
    return contexts
