"""A batch to a CRM that may refuse all of it for one value: what can be written is, within so many requests.

What the answer names is left out: a property of which no value is taken of all contacts, a value of the contacts that
have it. Where it names a property alone, its values are sent apart from the others and halved by what they are, for the
same value fails of everybody. Where it names nothing, the batch is halved.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.services.integrations.crm.ports import (
    Changed,
    ObjectChange,
    Refusal,
    RemoteObject,
    RowFault,
    ValuesRefused,
)
from app.services.integrations.ports import PlatformError, PlatformErrorKind


class Sends(Protocol):
    """What a batch is sent by, and how large it may be."""

    @property
    def batch_size(self) -> int: ...

    async def send(self, changes: Sequence[ObjectChange]) -> Changed: ...


MOST_REQUESTS = 24
"""Of one batch: what is not sent by then is tried another time."""
_PATIENCE = 3
"""So many wrong values of a property are left out one by one; then it is sent apart, to hold up nothing else."""
_REFUSALS = frozenset({PlatformErrorKind.INVALID, PlatformErrorKind.UNSUPPORTED})


@dataclass(slots=True)
class Fault:
    """Why of a contact not everything is written; permanent where the same again would fail again."""

    code: str
    properties: list[str]
    is_permanent: bool


@dataclass(slots=True)
class Outcome:
    """By contact: which properties are written, how it is stored, and what failed. `error` ended the sending.

    `refused` are properties of which no value is taken; `left` the contacts of which one of these was left out, and
    `unsent` those of which something never left.
    """

    written: dict[str, set[str]] = field(default_factory=dict)
    stored: dict[str, RemoteObject] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)
    error: PlatformError | None = None

    @property
    def done(self) -> list[str]:
        """Contacts of which nothing is left to do."""
        return sorted((self.written.keys() | self.left) - self.faults.keys() - self.unsent)

    def failed(self, name: str, properties: Iterable[str], code: str, *, is_permanent: bool) -> None:
        held = self.faults.get(name)
        if held is None:
            self.faults[name] = Fault(code, list(properties), is_permanent)
        else:
            held.properties += properties
            held.is_permanent = held.is_permanent and is_permanent


async def send_changes(writer: Sends, changes: Sequence[ObjectChange], *, new: bool = False) -> Outcome:
    """Of any number. Without `error` each is either written, left out, or has a fault.

    `new`: they are created, each once, and without what is not taken of them.
    """
    sending = _Sending(writer, changes, new=new)
    await sending.run()
    return sending.outcome


class _Sending:
    def __init__(self, writer: Sends, changes: Sequence[ObjectChange], *, new: bool) -> None:
        self.outcome = Outcome()
        self._are_new = new
        self._writer = writer
        size = writer.batch_size
        self._waiting = deque(list(changes[at : at + size]) for at in range(0, len(changes), size))
        self._requests_left = MOST_REQUESTS + max(0, len(self._waiting) - 1)
        self._wrong: Counter[str] = Counter()
        self._last_code = ""

    async def run(self) -> None:
        while self._waiting:
            batch = self._waiting.popleft()
            if not self._requests_left:
                for each in batch:
                    self.outcome.failed(each.id, each.values, self._last_code, is_permanent=False)
                continue
            self._requests_left -= 1
            try:
                self._settle(batch, await self._writer.send(batch))
            except ValuesRefused as error:
                self._last_code = error.code
                self._leave_out(batch, error)
            except PlatformError as error:
                self._last_code = error.code
                if error.kind not in _REFUSALS:
                    self.outcome.error = error
                    self.outcome.unsent = {each.id for some in (batch, *self._waiting) for each in some}
                    return
                self._halve(batch, error.code)

    def _settle(self, batch: Sequence[ObjectChange], answered: Changed) -> None:
        self.outcome.stored |= answered.stored
        again: list[ObjectChange] = []
        for each in batch:
            if each.id in answered.stored:
                self.outcome.written.setdefault(each.id, set()).update(each.values)
            elif (rest := self._without_refused(each, answered.faults[each.id])) is not None:
                again.append(ObjectChange(each.id, rest))
        if again:
            self._waiting.append(again)

    def _without_refused(self, change: ObjectChange, fault: RowFault) -> dict[str, str | None] | None:
        """What of one contact's values may be sent again; None where nothing is."""
        self._last_code = fault.code
        refusals = {each.property: each for each in fault.refusals if each.property in change.values}
        if not refusals:
            self.outcome.failed(change.id, change.values, fault.code, is_permanent=fault.is_permanent)
            return None
        rest = {name: value for name, value in change.values.items() if name not in refusals}
        if self._are_new:
            return rest
        for name, each in refusals.items():
            self._refuse(each, [change.id], name)
        return rest or None

    def _refuse(self, refusal: Refusal, contacts: Iterable[str], name: str) -> None:
        if refusal.is_whole:
            self.outcome.refused[name] = refusal
            self.outcome.left.update(contacts)
            return
        for contact in contacts:
            self.outcome.failed(contact, [name], refusal.code, is_permanent=True)

    def _leave_out(self, batch: list[ObjectChange], error: ValuesRefused) -> None:
        if self._are_new:
            self._leave_out_of_new(batch, error)
            return
        values = {each.id: dict(each.values) for each in batch}
        apart: dict[str, Refusal] = {}
        named = False
        for each in error.refusals:
            name = each.property
            holders = [contact for contact, held in values.items() if name in held]
            self._wrong[name] += 1
            blamed = holders if each.is_whole else [one for one in holders if one in each.contacts]
            if not blamed and len({values[one][name] for one in holders}) == 1:
                blamed = holders
            self._refuse(each, blamed, name)
            for one in blamed:
                del values[one][name]
            if len(holders) > len(blamed) and (not blamed or self._wrong[name] >= _PATIENCE):
                apart[name] = each
            named = named or bool(holders)
        if not named:
            self._halve(batch, error.code)
            return
        rest = _changes(values, but=apart)
        if rest:
            self._waiting.appendleft(rest)
        for name in apart:
            self._waiting.extend(_by_value(_changes(values, only=name)))

    def _leave_out_of_new(self, batch: list[ObjectChange], error: ValuesRefused) -> None:
        """They are created without: what is known of them later is written then."""
        names = {each.property for each in error.refusals}
        rest = [ObjectChange(e.id, {n: v for n, v in e.values.items() if n not in names}) for e in batch]
        if rest == batch:
            self._halve(batch, error.code)
        else:
            self._waiting.appendleft(rest)

    def _halve(self, batch: list[ObjectChange], code: str) -> None:
        """The contacts, or the one contact's values; one value is what is refused."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self._waiting.extendleft((batch[middle:], batch[:middle]))
            return
        [change] = batch
        names = list(change.values)
        if len(names) <= 1 or self._are_new:
            self.outcome.failed(change.id, names, code, is_permanent=True)
            return
        for part in (names[: len(names) // 2], names[len(names) // 2 :]):
            self._waiting.appendleft([ObjectChange(change.id, {n: change.values[n] for n in part})])


def _changes(
    values: Mapping[str, Mapping[str, str | None]], *, but: Iterable[str] = (), only: str | None = None
) -> list[ObjectChange]:
    found = {
        contact: {n: v for n, v in held.items() if n not in but and only in {None, n}}
        for contact, held in values.items()
    }
    return [ObjectChange(contact, held) for contact, held in found.items() if held]


def _by_value(changes: Sequence[ObjectChange]) -> list[list[ObjectChange]]:
    """Two halves of what is sent of one property, none of whose values stands in both."""
    kept = [next(iter(each.values.values())) for each in changes]
    distinct = list(dict.fromkeys(kept))
    first = set(distinct[: len(distinct) // 2])
    halves = (
        [each for each, value in zip(changes, kept, strict=True) if (value in first) is is_first]
        for is_first in (True, False)
    )
    return [each for each in halves if each]
