"""Match keys: identifiers made of traits, for people who come without one. Pure.

A tenant says which traits together are as good as an identifier: a national id; names by their sound with a date of
birth. Each such key is exact, so that what it joined can be explained; typing errors are met by several keys.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.services.cdp.identity.rules import is_garbage

_NOT_WORD = re.compile(r"[\W_]+")
_NOT_LETTER = re.compile(r"[^a-z]+")
_SOUNDS = {
    letter: digit
    for letters, digit in (
        ("bfpv", "1"),
        ("cgjkqsxz", "2"),
        ("dt", "3"),
        ("l", "4"),
        ("mn", "5"),
        ("r", "6"),
    )
    for letter in letters
}
_SOUNDEX_LENGTH = 4


@dataclass(frozen=True, slots=True)
class MatchPart:
    """Traits of which a key takes all, in any order (first and last name, say), by their letters or their sound."""

    traits: tuple[str, ...]
    phonetic: bool = False


MatchKeySpec = tuple[MatchPart, ...]


def match_keys(traits: Mapping[str, Any], specs: Sequence[MatchKeySpec]) -> list[str]:
    """The text of each key whose traits are all there; its number keeps one key's values from another's."""
    found = []
    for number, spec in enumerate(specs):
        parts = [_part(traits, part) for part in spec]
        if all(parts):
            found.append(f"{number}|{'|'.join(part for part in parts if part)}")
    return found


def _part(traits: Mapping[str, Any], part: MatchPart) -> str | None:
    values = []
    for name in part.traits:
        value = traits.get(name)
        if not isinstance(value, str | int) or isinstance(value, bool) or is_garbage(str(value)):
            return None
        plain = normal(str(value))
        if not plain:
            return None
        values.append(soundex(plain) if part.phonetic else plain)
    return "+".join(sorted(values))


def normal(text: str) -> str:
    """Letters and digits alone, without accents and case."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _NOT_WORD.sub("", bare.casefold())


def soundex(text: str) -> str:
    """American Soundex; what has no Latin letter stays as it is."""
    letters = _NOT_LETTER.sub("", text)
    if not letters:
        return text
    code, last = letters[0], _SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter, "")
        if sound and sound != last:
            code += sound
        if letter not in "hw":
            last = sound
    return code[:_SOUNDEX_LENGTH].ljust(_SOUNDEX_LENGTH, "0")
