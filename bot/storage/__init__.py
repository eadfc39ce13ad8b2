"""Rows to values and back. No decisions."""
