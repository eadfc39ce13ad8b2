"""RSA public keys of any length, in the two forms that DKIM records hold. Nobody can sign with them."""

import base64


def der(tag: int, content: bytes) -> bytes:
    """One DER element (X.690 section 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 + len(octets)]) + octets + content


def _integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def bare_rsa_key(bits: int) -> bytes:
    """An RSAPublicKey (RFC 8017 appendix A.1.1)."""
    return der(0x30, _integer((1 << bits) - 1) + _integer(65537))


def wrapped(algorithm: str, key: bytes) -> bytes:
    """A SubjectPublicKeyInfo (RFC 5280 section 4.1); `algorithm`: the OID's content in hexadecimal."""
    kind = der(0x30, der(0x06, bytes.fromhex(algorithm)) + der(0x05, b""))
    return der(0x30, kind + der(0x03, b"\0" + key))


def rsa_key(bits: int) -> str:
    """What stands behind `p=`."""
    return base64.b64encode(wrapped("2a864886f70d010101", bare_rsa_key(bits))).decode()
