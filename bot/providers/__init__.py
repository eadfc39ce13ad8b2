"""The mail systems, each a thin and complete translation behind one protocol."""
