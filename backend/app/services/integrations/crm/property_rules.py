"""Whether a mapping fits the properties that contacts, or deals, have at the CRM. Pure."""

from collections.abc import Sequence
from typing import get_args

from app.core.errors import FieldError
from app.schemas.cdp.profiles import Stage
from app.services.integrations.crm.ports import Kind, Refusal, RemoteProperty, ValueKind
from app.services.integrations.crm.rules import Field, is_written

_WORDS = {
    "text": "text",
    "number": "numbers",
    "bool": "yes or no",
    "choice": "one of its options",
    "date": "dates",
}
_STAGES = tuple(each for each in get_args(Stage) if each != "anonymous")
"""Whoever a contact names is known at least."""
_TRUTHS = ("true", "false")
_TAKES: dict[str, frozenset[ValueKind]] = {
    "segment": frozenset({"text", "bool", "choice"}),
    "lifecycle": frozenset({"text", "choice"}),
    "computed": frozenset({"text", "number", "choice"}),
    "trait": frozenset({"text", "number", "bool", "choice", "date"}),
    "first_touch": frozenset({"text", "choice"}),
    "last_touch": frozenset({"text", "choice"}),
    "lifetime_value": frozenset({"text", "number"}),
}
_WHERE: dict[Kind, str] = {"contacts": "body.mapping", "deals": "body.deal_mapping"}
"""By what of ours is written: which kinds of property may hold it. What a trait holds, each value tells alone."""


def property_faults(
    fields: Sequence[Field], properties: Sequence[RemoteProperty], kind: Kind = "contacts"
) -> list[FieldError]:
    """What of a mapping the CRM could not tell, or would refuse."""
    known = {each.name: each for each in properties}
    spelled = {each.name.casefold(): each.name for each in properties}
    faults: list[FieldError] = []
    for place, field in enumerate(fields):
        found, where = known.get(field.property), f"{_WHERE[kind]}.{place}"
        if found is None:
            other = spelled.get(field.property.casefold())
            mend = f"it is called {other}." if other else "choose one that it has."
            message = f"{kind.capitalize()} there have no property {field.property}: {mend}"
            faults.append(FieldError(f"{where}.property", message, "unknown_property"))
        elif kind == "deals" and found.is_standard:
            message = f"{found.name} is the CRM's own, and the sellers': choose one that was made for this."
            faults.append(FieldError(f"{where}.property", message, "standard"))
        elif is_written(field):
            faults += _written_faults(field, found, where)
    return faults


def refusals(
    fields: Sequence[Field], properties: Sequence[RemoteProperty], kind: Kind = "contacts"
) -> dict[str, Refusal]:
    """Which written properties are gone by now, or locked: nothing that is read of them is what somebody entered."""
    known = {each.name: each for each in properties}
    found: dict[str, Refusal] = {}
    for name in (each.property for each in fields):
        if name not in known:
            message = f"{kind.capitalize()} there have no property {name}."
            found[name] = Refusal(name, "integrations.crm.unknown_property", message, is_whole=True)
        elif known[name].is_read_only:
            message = f"{name} is read-only there, or whoever signed in may not edit it."
            found[name] = Refusal(name, "integrations.crm.read_only", message, is_whole=True)
    return found


def _written_faults(field: Field, found: RemoteProperty, where: str) -> list[FieldError]:
    if found.is_read_only:
        message = f"Nobody but the CRM sets {found.name}: read it, or choose another."
        return [FieldError(f"{where}.property", message, "read_only")]
    takes = _TAKES[field.to]
    if found.kind not in takes:
        holds = _WORDS.get(found.kind, "no plain value")
        wanted = " or ".join(
            _WORDS[each] for each in ("text", "number", "bool", "choice", "date") if each in takes
        )
        message = f"{found.name} holds {holds}: choose one that holds {wanted}."
        return [FieldError(f"{where}.property", message, "wrong_type")]
    needed = {"segment": _TRUTHS, "lifecycle": _STAGES}.get(field.to, ())
    lacking = [each for each in needed if found.options and each not in found.options]
    if found.kind == "choice" and lacking:
        add = ", ".join(lacking)
        message = f"{found.name} lacks options that would be written: add {add} there, or choose another."
        return [FieldError(f"{where}.property", message, "lacks_options")]
    return []
