"""What somebody is called, as entries of a platform's form; each platform brings its own forms. Pure."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from app.services.integrations.audiences.ports import Person, Row


class Field(Protocol):
    """The form of one identifier, and whether it leaves as SHA-256."""

    @property
    def form(self) -> Callable[[str, str | None], str | None]:
        """The value in the platform's form; None where it has none. The second argument is the person's country."""
        ...

    @property
    def hashed(self) -> bool: ...


def country_of(person: Person, form: Callable[[str], str | None]) -> str | None:
    return next((found for each in person.get("country", ()) if (found := form(each))), None)


def entries(
    chosen: Sequence[str],
    person: Person,
    fields: Mapping[str, Field],
    *,
    country: str | None,
    leading: Collection[str],
) -> list[Row]:
    """As many as they have addresses or numbers, whichever are more: one of each in every entry, the rest in all."""
    forms = {name: _forms(fields[name], person.get(name, ()), country) for name in chosen}
    count = max((len(forms[name]) for name in chosen if name in leading), default=0)
    return [tuple(_value(name, forms[name], place) for name in chosen) for place in range(count)]


def apart(rows: Sequence[Row]) -> list[Row]:
    """The same, each with one identifier alone, for platforms that take them kind by kind; each once.

    >>> apart([("a", "b"), ("c", "")])
    [('a', ''), ('', 'b'), ('c', '')]
    """
    found = (
        tuple(value if place == at else "" for at in range(len(row)))
        for row in rows
        for place, value in enumerate(row)
        if value
    )
    return list(dict.fromkeys(found))


def _forms(field: Field, values: Sequence[str], country: str | None) -> list[str]:
    """Each value once, in the platform's form; what has none is left out."""
    forms = (form for value in values if (form := field.form(value, country)) is not None)
    found = (hashlib.sha256(form.encode()).hexdigest() if field.hashed else form for form in forms)
    return list(dict.fromkeys(found))


def _value(name: str, forms: Sequence[str], place: int) -> str:
    """Of addresses and numbers each stands in one entry; the rest stands in all of them."""
    if not forms:
        return ""
    if name in {"email", "phone"}:
        return forms[place] if place < len(forms) else ""
    return forms[0]
