"""Whose certificates are believed."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The usual authorities, or those that SSL_CERT_FILE and SSL_CERT_DIR name. Read once: it takes tens of milliseconds."""
    return httpx.create_ssl_context()
