"""CSV as spreadsheets and programs write it: byte order marks, separators, quoted line ends."""

import csv
from collections.abc import Iterator
from typing import IO

from app.services.cdp.files.faults import FileFault
from app.services.cdp.files.lines import Lines, head_of

SEPARATORS = (",", ";", "\t", "|")


class CsvRows:
    """The rows of a file with their numbers, the header first; a `FileFault` ends it."""

    def __init__(self, file: IO[bytes], separator: str | None = None) -> None:
        self._lines = Lines(file)
        first = head_of(file).decode("utf-8", "replace")
        self._says_so = first[:4].lower() == "sep="
        self.separator = separator or (first[4:5] if self._says_so else _separator_of(first))
        if self.separator not in SEPARATORS:
            raise FileFault(
                1, "file", "Separate columns by commas, semicolons, tabs or vertical bars.", "separator"
            )

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = iter(self._lines)
        if self._says_so:  # Excel's own line, which is no row
            next(lines, None)
        try:
            for row in csv.reader(lines, strict=True, delimiter=self.separator):
                yield self._lines.reading, row
                self._lines.reading += 1
        except csv.Error as error:
            raise FileFault(self._lines.reading, "row", f"Mend the quotes: {error}.", "malformed") from error


def _separator_of(text: str) -> str:
    """The one that the header has most of, outside quotes."""
    counts = dict.fromkeys(SEPARATORS, 0)
    quoted = False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in counts:
            counts[letter] += 1
        elif not quoted and letter in "\r\n":
            break
    return max(counts, key=lambda each: counts[each])
