"""A batch to a CRM, cut smaller where one value refuses all of it: what can be written is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.services.integrations.crm.ports import ContactChange, CrmWriter, RemoteContact
from app.services.integrations.ports import PlatformError, PlatformErrorKind

_REFUSALS = frozenset({PlatformErrorKind.INVALID, PlatformErrorKind.UNSUPPORTED})


@dataclass(slots=True)
class Fault:
    """Why of a contact not everything is written; permanent where the same again would fail again."""

    code: str
    properties: list[str]
    is_permanent: bool


@dataclass(slots=True)
class Outcome:
    """By contact: which properties are written, how it is stored, and what failed. `error` ended the sending."""

    written: dict[str, set[str]] = field(default_factory=dict)
    stored: dict[str, RemoteContact] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    error: PlatformError | None = None

    def failed(self, change: ContactChange, code: str, *, is_permanent: bool) -> None:
        held = self.faults.get(change.id)
        if held is None:
            self.faults[change.id] = Fault(code, list(change.values), is_permanent)
        else:
            held.properties += list(change.values)
            held.is_permanent = held.is_permanent and is_permanent


async def send_changes(writer: CrmWriter, changes: Sequence[ContactChange]) -> Outcome:
    """Of any number. Without `error` each is either written or has a fault."""
    outcome = Outcome()
    waiting = [
        list(changes[start : start + writer.batch_size])
        for start in range(0, len(changes), writer.batch_size)
    ]
    while waiting:
        batch = waiting.pop(0)
        try:
            answered = await writer.change_contacts(batch)
        except PlatformError as error:
            if error.kind not in _REFUSALS:
                outcome.error = error
                return outcome
            pieces = _smaller(batch)
            if not pieces:
                outcome.failed(batch[0], error.code, is_permanent=True)
            waiting = [*pieces, *waiting]
            continue
        outcome.stored |= answered.stored
        for each in batch:
            if each.id in answered.stored:
                outcome.written.setdefault(each.id, set()).update(each.values)
            else:
                outcome.failed(each, answered.faults[each.id], is_permanent=False)
    return outcome


def _smaller(batch: list[ContactChange]) -> list[list[ContactChange]]:
    """Two halves: of the contacts, or of the one contact's values; nothing for one value."""
    if len(batch) > 1:
        middle = len(batch) // 2
        return [batch[:middle], batch[middle:]]
    names = list(batch[0].values)
    if len(names) == 1:
        return []
    parts = (names[: len(names) // 2], names[len(names) // 2 :])
    return [[ContactChange(batch[0].id, {n: batch[0].values[n] for n in part})] for part in parts]
