"""Lines of a file of text, in constant memory; what is no UTF-8 text is named, with its mend."""

from collections.abc import Iterator
from typing import IO

from app.services.cdp.files.faults import FileFault

MAX_LINE_BYTES = 1_048_576
_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 65_536
_UTF16 = "Save the file as UTF-8: it is UTF-16, as “Unicode text” is in Excel."
_OTHERS = {
    b"PK\x03\x04": ("This is a spreadsheet or an archive: save it as CSV UTF-8.", "not_text"),
    b"\xd0\xcf\x11\xe0": ("This is an old spreadsheet: save it as CSV UTF-8.", "not_text"),
    b"\x1f\x8b": ("The file is compressed: unpack it first.", "not_text"),
    b"%PDF": ("This is a PDF: save the table as CSV UTF-8.", "not_text"),
    b"\xff\xfe": (_UTF16, "not_utf8"),
    b"\xfe\xff": (_UTF16, "not_utf8"),
}


def head_of(file: IO[bytes]) -> bytes:
    """How the file begins, without a byte order mark; `FileFault` where it is no text. The file is at its start."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    for start, (message, code) in _OTHERS.items():
        if head.startswith(start):
            raise FileFault(1, "file", message, code)
    return head.removeprefix(_BOM)


class Lines:
    """The lines with their ends; `reading` is the row that is being read, for what is said of a fault."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.reading = 1

    def __iter__(self) -> Iterator[str]:
        first = True
        while line := self._file.readline(MAX_LINE_BYTES + 1):
            if len(line) > MAX_LINE_BYTES:
                raise FileFault(
                    self.reading, "row", "The line is longer than 1 MB: are line ends missing?", "too_long"
                )
            yield self._decoded(line.removeprefix(_BOM) if first else line)
            first = False

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise FileFault(
                self.reading,
                "file",
                "Save the file as UTF-8 (in Excel: “CSV UTF-8”): this row is Latin-1, Windows-1252 or the like.",
                "not_utf8",
            ) from error
