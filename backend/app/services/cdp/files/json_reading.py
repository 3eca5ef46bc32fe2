"""JSON Lines, or an array of objects, cut into its rows without holding more than one of them."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, NoReturn

from app.services.cdp.files.faults import FileFault
from app.services.cdp.files.lines import Lines, head_of

MAX_ROW_CHARACTERS = 131_072
_PIECE_BYTES = 65_536
_SPACE = re.compile(r"[ \t\r\n]*")


class JsonRows:
    """The JSON text of each row with its number, the first is 1. Lines are judged one by one, by whoever reads them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._is_array = head_of(file).lstrip().startswith(b"[")

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self._items() if self._is_array else self._rows()

    def _rows(self) -> Iterator[tuple[int, str]]:
        lines = Lines(self._file)
        for line in lines:
            if text := line.strip():
                if len(text) > MAX_ROW_CHARACTERS:
                    raise _too_long(lines.reading)
                yield lines.reading, text
            lines.reading += 1

    def _items(self) -> Iterator[tuple[int, str]]:
        window = _Window(self._file)
        window.expect("[", 1)
        number = 1
        if window.next_is("]"):
            window.expect_end(number)
            return
        while True:
            yield number, window.item(number)
            number += 1
            if window.next_is("]"):
                window.expect_end(number)
                return
            window.expect(",", number)


class _Window:
    """A piece of the text that moves on over the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._place = 0
        self._row = 1
        self._ended = False
        self._json = json.JSONDecoder(parse_constant=_refuse)

    def next_is(self, mark: str) -> bool:
        found = self._peek() == mark
        self._place += found
        return found

    def expect(self, mark: str, row: int) -> None:
        self._row = row
        if not self.next_is(mark):
            what = "The file ends too early" if self._peek() == "" else f"A {mark} is missing"
            raise FileFault(row, "row", f"{what}: mend the JSON.", "malformed")

    def expect_end(self, row: int) -> None:
        if self._peek():
            raise FileFault(row, "file", "Something follows the array: take it out.", "malformed")

    def item(self, row: int) -> str:
        """The text of the object that begins here."""
        self._row = row
        if self._peek() != "{":
            raise FileFault(row, "row", "Each item of the array is an object, {…}.", "not_an_object")
        while True:
            try:
                _, end = self._json.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._place > MAX_ROW_CHARACTERS:
                    raise _too_long(row) from error
                if isinstance(error, RecursionError) or not self._more():
                    raise FileFault(row, "row", "This is no JSON: mend it.", "malformed") from error
                continue
            if end - self._place > MAX_ROW_CHARACTERS:
                raise _too_long(row)
            text = self._text[self._place : end]
            self._place = end
            return text

    def _peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _more(self) -> bool:
        if self._ended:
            return False
        piece = self._file.read(_PIECE_BYTES)
        self._ended = not piece
        try:
            text = self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            raise FileFault(self._row, "file", "Save the file as UTF-8.", "not_utf8") from error
        self._text = self._text[self._place :] + text
        self._place = 0
        return bool(text) or not self._ended


def _too_long(row: int) -> FileFault:
    return FileFault(row, "row", "The row is longer than 128 KB: an event may have 32 KB.", "too_long")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
