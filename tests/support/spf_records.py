"""SPF records of other names, for what is included."""

from bot.dns.lookup import Answer, Records

HOST = "_spf.purelymail.com"
OURS = f"include:{HOST}"
HERE = Records(("192.0.2.1",))

Table = dict[tuple[str, str], Answer]


def texts(**records: str | list[str]) -> Table:
    """The TXT records of names below `.example`."""
    return {
        (f"{name}.example", "TXT"): Records((value,) if isinstance(value, str) else tuple(value))
        for name, value in records.items()
    }


def provider(record: str = "v=spf1 ip4:192.0.2.0/26 -all") -> Table:
    return {(HOST, "TXT"): Records((record,))}
