"""Records as they stand: every change, of the world's and of people's and programs', in order of time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from sandbox.store import Store
from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce.ids import make, number_of

_JOURNAL = "salesforce_journal"
_SECOND = 1000


def told(at: int) -> str:
    """Milliseconds since 1970, as Salesforce writes a moment: to the second."""
    whole = datetime.fromtimestamp(at // _SECOND, UTC)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@dataclass(frozen=True, slots=True)
class Change:
    """`values` are set at `at` (milliseconds); None takes one away. The first change of an id makes it."""

    at: int
    kind: str
    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False


@dataclass(slots=True)
class Record:
    kind: str
    id: str
    created: int
    modified: int
    values: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False

    def value(self, name: str) -> Any:
        """In the form that it is kept in: moments in milliseconds."""
        if name == "Name" and self.kind in {sf.CONTACT, sf.LEAD}:
            parts = (self.values.get("FirstName"), self.values.get("LastName"))
            return " ".join(each for each in parts if each) or None
        own = {
            "Id": self.id,
            "CreatedDate": self.created,
            "LastModifiedDate": self.modified,
            "SystemModstamp": self.modified,
            "IsDeleted": self.deleted,
            "CreatedById": sf.USER_ID,
            "LastModifiedById": sf.USER_ID,
        }
        if name in own:
            return own[name]
        return self.values.get(name)


class Records:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: dict[str, dict[str, Record]] = {kind: {} for kind in sf.PREFIXES}
        self._coming: list[tuple[int, int, Change]] = []
        self._scheduled = 0
        self._journal: list[Change] = []
        self._is_batch = False
        for row in store.document(_JOURNAL) or []:
            change = Change(**row)
            self._journal.append(change)
            self.schedule(change)

    def schedule(self, change: Change) -> None:
        """Comes to pass when its time has come."""
        self._scheduled += 1
        heappush(self._coming, (change.at, self._scheduled, change))

    def run_to(self, now: int) -> None:
        while self._coming and self._coming[0][0] <= now:
            self._apply(heappop(self._coming)[2])

    def write(self, change: Change) -> Record:
        """What a person or a program does now; it outlives a restart."""
        self._journal.append(change)
        if not self._is_batch:
            self._keep()
        return self._apply(change)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What one request writes is kept together, at its end."""
        self._is_batch, before = True, len(self._journal)
        try:
            yield
        finally:
            self._is_batch = False
            if len(self._journal) > before:
                self._keep()

    def _keep(self) -> None:
        self._store.keep(_JOURNAL, [asdict(each) for each in self._journal])

    def new_id(self, kind: str) -> str:
        numbers = (number_of(each) for each in self._all[kind])
        highest = max((each for each in numbers if each >= sf.FIRST_NEW), default=sf.FIRST_NEW - 1)
        return make(sf.PREFIXES[kind], highest + 1)

    def find(self, kind: str, name: str) -> Record | None:
        found = self._all[kind].get(name)
        return None if found is None or found.deleted else found

    def deleted(self, kind: str, name: str) -> bool:
        return name in self._all[kind] and self._all[kind][name].deleted

    def all(self, kind: str, *, deleted: bool = False) -> list[Record]:
        """By their ids."""
        rows = self._all[kind]
        return [rows[each] for each in sorted(rows) if deleted or not rows[each].deleted]

    def _apply(self, change: Change) -> Record:
        rows, at = self._all[change.kind], change.at // _SECOND * _SECOND
        record = rows.get(change.id)
        if record is None:
            record = rows[change.id] = Record(change.kind, change.id, at, at)
        elif record.deleted:
            return record
        before = dict(record.values)
        for name, value in {**_following(change), **change.values}.items():
            if value is None:
                record.values.pop(name, None)
            else:
                record.values[name] = value
        if change.kind == sf.OPPORTUNITY and "StageName" in change.values:
            record.values |= _closing(str(change.values["StageName"]))
        record.deleted = change.deleted
        if record.values != before or change.deleted:
            record.modified = max(record.modified, at)
        return record


def _closing(stage: str) -> dict[str, Any]:
    return {"IsClosed": stage in {sf.WON, sf.LOST}, "IsWon": stage == sf.WON}


def _following(change: Change) -> dict[str, Any]:
    """What Salesforce sets of itself beside a stage, unless the same change says otherwise."""
    stage = change.values.get("StageName") if change.kind == sf.OPPORTUNITY else None
    return {} if stage is None else {"Probability": float(sf.STAGES[stage])}
