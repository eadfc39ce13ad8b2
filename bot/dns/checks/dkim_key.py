"""A DKIM key record, read and judged by itself (RFC 6376 section 3.6.1)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import Grade

_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
_INTEGER, _BIT_STRING, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30


@dataclass(frozen=True, slots=True)
class KeyFault:
    """`summary` has a place for the `{name}` that the key stands at; `why` is "" where it is that of any bad key."""

    tag: str
    grade: Grade
    summary: str
    why: str = ""


_NO_KEY = KeyFault("DKIM_WRONG", Grade.FAIL, "What stands at {name} is not a DKIM key.")
_REVOKED = KeyFault("DKIM_KEY_REVOKED", Grade.FAIL, "The DKIM key at {name} is revoked.")
_BROKEN = KeyFault(
    "DKIM_KEY_BROKEN", Grade.FAIL, "The DKIM key at {name} can't be read: it is cut off or garbled."
)


def judge_key(record: str) -> KeyFault | None:
    """What is wrong with a key record, the worst first; None if nothing is."""
    tags = _tags(record)
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return _NO_KEY
    if not tags["p"]:
        return _REVOKED
    try:
        key = base64.b64decode(tags["p"], validate=True)
    except (binascii.Error, ValueError):
        return _BROKEN
    return _judge_use(tags) or _judge_strength(tags.get("k", "rsa"), key) or _judge_flags(tags)


def same_key(one: str, other: str) -> bool:
    """Whether two key records hold the same key, however they are written."""
    return bool(_tags(one).get("p")) and _tags(one)["p"] == _tags(other).get("p")


def _judge_use(tags: Mapping[str, str]) -> KeyFault | None:
    hashes, services = tags.get("h"), tags.get("s", "*")
    # RFC 8301 section 3.1: sha256 is the only hash left that may be used.
    if hashes is not None and "sha256" not in hashes.lower().split(":"):
        return KeyFault(
            "DKIM_KEY_HASH",
            Grade.FAIL,
            f"The DKIM key at {{name}} allows the hash {_plain(hashes)} only, not sha256.",
        )
    if not {"*", "email"} & set(services.lower().split(":")):
        return KeyFault("DKIM_KEY_SERVICE", Grade.FAIL, "The DKIM key at {name} is not for mail (s=).")
    return None


def _judge_strength(algorithm: str, key: bytes) -> KeyFault | None:
    match algorithm.lower():
        case "ed25519":
            # RFC 8463 section 4: the 32 octets themselves.
            return None if len(key) == 32 else _BROKEN
        case "rsa":
            try:
                bits = rsa_bits(key)
            except ValueError:
                return _BROKEN
            return _judge_length(bits)
        case _:
            return KeyFault(
                "DKIM_KEY_ALGORITHM",
                Grade.FAIL,
                f"The DKIM key at {{name}} is of the kind {_plain(algorithm)}, which receivers don't know.",
            )


def _judge_length(bits: int) -> KeyFault | None:
    said = f"The DKIM key at {{name}} has {bits} bits"
    # RFC 8301 section 3.2: signers use 1024 bits or more, and should use 2048; verifiers take no fewer than 1024, and
    # need not take more than 4096.
    if bits < 1024:
        return KeyFault("DKIM_KEY_SHORT", Grade.FAIL, f"{said}; receivers take no fewer than 1024.")
    if bits < 2048:
        return KeyFault(
            "DKIM_KEY_WEAK",
            Grade.WARN,
            f"{said}; 2048 are advised.",
            "It still counts, but somebody with means may find the private key, and sign in your name.",
        )
    if bits > 4096:
        return KeyFault(
            "DKIM_KEY_LONG",
            Grade.WARN,
            f"{said}, more than the 4096 that every receiver can check.",
            "Some receivers take your mail as not signed.",
        )
    return None


def _judge_flags(tags: Mapping[str, str]) -> KeyFault | None:
    # RFC 6376 section 3.6.1: mail signed by a key in test mode must not be treated otherwise than unsigned mail.
    if "y" in tags.get("t", "").lower().split(":"):
        return KeyFault(
            "DKIM_TESTING",
            Grade.WARN,
            "The DKIM key at {name} is in test mode (t=y).",
            "Receivers may treat your mail as if it were not signed.",
        )
    return None


def rsa_bits(key: bytes) -> int:
    """The length of an RSA modulus, from a SubjectPublicKeyInfo (RFC 5280) or a bare RSAPublicKey (RFC 8017).

    RFC 6376 names the latter, and everybody publishes the former. Raises ValueError if it is neither.
    """
    fields = _expect(key, _SEQUENCE)
    tag, first, rest = _take(fields)
    if tag == _SEQUENCE:
        if _expect(first, _OID) != _RSA_ENCRYPTION:
            raise ValueError("not an RSA key")
        bits = _expect(rest, _BIT_STRING)
        # The first octet of a BIT STRING counts its unused bits.
        if bits[:1] != b"\0":
            raise ValueError("not whole octets")
        tag, first, rest = _take(_expect(bits[1:], _SEQUENCE))
    modulus, exponent = (
        int.from_bytes(first, signed=True),
        int.from_bytes(_expect(rest, _INTEGER), signed=True),
    )
    if tag != _INTEGER or modulus <= 0 or exponent <= 0:
        raise ValueError("not an RSA key")
    return modulus.bit_length()


def _expect(data: bytes, wanted: int) -> bytes:
    tag, content, _ = _take(data)
    if tag != wanted:
        raise ValueError("another type than expected")
    return content


def _take(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER-encoded data: its tag, its content, and what follows it (X.690 section 8.1)."""
    if len(data) < 2:
        raise ValueError("cut off")
    length, start = data[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start])
    end = start + length
    if end > len(data):
        raise ValueError("cut off")
    return data[0], data[start:end], data[end:]


def _plain(text: str) -> str:
    """For a sentence: without braces, which mean something there, and short."""
    return text.translate({ord("{"): "(", ord("}"): ")"})[:40]


def _tags(record: str) -> dict[str, str]:
    """The tag list of a key record, white space inside values removed (RFC 6376 section 3.2)."""
    pairs = [part.partition("=") for part in record.split(";") if "=" in part]
    tags = {name.strip(): "".join(value.split()) for name, _, value in pairs}
    # The same section: a tag that stands twice makes the whole list invalid.
    return tags if len(tags) == len(pairs) else {}
