"""`fields=` selection: names, nested `{…}` and modifiers such as `.limit(5)`."""

import json
from dataclasses import dataclass, field

from sandbox.vendors.meta.errors import GraphError


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    inner: tuple["Field", ...] = ()


def parse(text: str) -> tuple[Field, ...]:
    """Names with commas, or a JSON list of them."""
    plain = _joined(text) if text.startswith("[") else text.replace(" ", "")
    found, rest = _list(plain, 0)
    if rest != len(plain):
        raise _syntax(text)
    return found


def _joined(text: str) -> str:
    try:
        return ",".join(map(str, json.loads(text)))
    except ValueError as error:
        raise _syntax(text) from error


def _syntax(text: str) -> GraphError:
    return GraphError(f"Syntax error \"Expected end of string instead of '{text[-1:]}'.\" at fields", 2500)


def _list(text: str, at: int) -> tuple[tuple[Field, ...], int]:
    found: list[Field] = []
    while at < len(text) and text[at] != "}":
        if text[at] == ",":
            at += 1
            continue
        one, at = _one(text, at)
        found.append(one)
    return tuple(found), at


def _one(text: str, at: int) -> tuple[Field, int]:
    start = at
    while at < len(text) and text[at] not in ",{}.()":
        at += 1
    name, modifiers = text[start:at], {}
    if not name:
        raise _syntax(text)
    while at < len(text) and text[at] == ".":
        opened, closed = text.find("(", at), _closing(text, at)
        if opened < 0:
            raise _syntax(text)
        modifiers[text[at + 1 : opened]] = text[opened + 1 : closed]
        at = closed + 1
    inner: tuple[Field, ...] = ()
    if at < len(text) and text[at] == "{":
        inner, at = _list(text, at + 1)
        if at >= len(text):
            raise _syntax(text)
        at += 1
    return Field(name, modifiers, inner), at


def _closing(text: str, at: int) -> int:
    depth = 0
    for index in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0 and text[index] == ")":
            return index
    raise _syntax(text)


def spell(fields: tuple[Field, ...]) -> str:
    """Back to text, for an edge that is read as a field."""
    parts = []
    for one in fields:
        modifiers = "".join(f".{name}({value})" for name, value in one.modifiers.items())
        parts.append(one.name + modifiers + (f"{{{spell(one.inner)}}}" if one.inner else ""))
    return ",".join(parts)
