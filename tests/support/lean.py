"""Imported for its effect: httpcore looks for sniffio at each step of a request, which takes long where it is not installed."""

import sys

# None means "it is not there" (docs.python.org/3/reference/import.html#the-module-cache).
_ = sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
