"""Texts in cells of a CSV file: spreadsheets run what looks like a formula, so a mark stands before it. Pure.

The mark is the apostrophe by which spreadsheets know a text. It is put before, and taken away again, in a way that
gives every text back as it was.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MARKED = re.compile(r"'+[=+\-@\t\r]")
_HARMLESS = re.compile(r"[+-]?[0-9][0-9 ]*(?:\.[0-9]+)?")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs; numbers and phone numbers stay as they are."""
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _MARKED.match(cell) else cell
