"""Contacts and deals as they stand: every change, of the world's and of people's and programs', in order of time."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from sandbox.store import Store
from sandbox.vendors.hubspot.constants import CONTACTS, DEALS, FIRST_NEW, LOST, MODIFIED, WON
from sandbox.vendors.hubspot.errors import HubError
from sandbox.vendors.hubspot.hooks import Hooks

_JOURNAL = "hubspot_journal"


def told(at: int) -> str:
    """Milliseconds since 1970, as HubSpot writes a moment."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Change:
    """`values` are set at `at` (milliseconds); None takes one away. The first change of an id makes it."""

    at: int
    kind: str
    id: int
    values: Mapping[str, str | None] = field(default_factory=dict)
    linked: tuple[int, ...] = ()
    """Associated with these from now on."""
    archived: bool = False
    merged_into: int | None = None
    """Merged: from now on this id leads to the other one."""
    restored: bool = False
    """Out of the list of what is archived again."""
    erased: bool = False
    """Archived for good: nobody finds it any more."""


@dataclass(slots=True)
class Record:
    kind: str
    id: int
    created: int
    modified: int
    values: dict[str, str] = field(default_factory=dict)
    linked: set[int] = field(default_factory=set)
    archived_at: int | None = None
    merged_into: int | None = None
    erased: bool = False
    set_at: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """Every value that a property ever had, and since when; an empty one was taken away."""

    def histories(self, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """The newest first, as HubSpot has them."""
        return {
            name: [
                {"value": value, "timestamp": told(at), "sourceType": "CRM_UI"}
                for at, value in reversed(self.set_at[name])
            ]
            for name in names
            if name in self.set_at
        }

    def properties(self, names: Iterable[str]) -> dict[str, str | None]:
        own = {
            "createdate": told(self.created),
            MODIFIED[self.kind]: told(self.modified),
            "hs_object_id": str(self.id),
        }
        return {name: own.get(name, self.values.get(name)) for name in names}

    def body(self, names: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": str(self.id),
            "properties": self.properties(names),
            "createdAt": told(self.created),
            "updatedAt": told(self.modified),
            "archived": self.archived_at is not None,
        }
        return found if self.archived_at is None else found | {"archivedAt": told(self.archived_at)}


class Records:
    def __init__(self, store: Store, hooks: Hooks) -> None:
        self._store = store
        self._hooks = hooks
        self._all: dict[str, dict[int, Record]] = {CONTACTS: {}, DEALS: {}}
        self._emails: dict[str, int] = {}
        self._coming: list[tuple[int, int, Change]] = []
        self._scheduled = 0
        self._journal: list[Change] = []
        self._is_batch = False
        for row in store.document(_JOURNAL) or []:
            change = Change(**(row | {"linked": tuple(row["linked"])}))
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

    def new_id(self, kind: str) -> int:
        first = FIRST_NEW[kind]
        return max((each for each in self._all[kind] if each >= first), default=first - 1) + 1

    def find(self, kind: str, number: int) -> Record | None:
        found = self._all[kind].get(number)
        if found is not None and found.merged_into is not None:
            return self.find(kind, found.merged_into)
        return None if found is None or found.archived_at is not None else found

    def by_email(self, email: str) -> Record | None:
        number = self._emails.get(email.lower())
        return None if number is None else self.find(CONTACTS, number)

    def live(self, kind: str) -> list[Record]:
        """By their ids."""
        rows = self._all[kind]
        return [rows[each] for each in sorted(rows) if rows[each].archived_at is None]

    def archived(self, kind: str) -> list[Record]:
        rows = self._all[kind]
        return [
            rows[each]
            for each in sorted(rows)
            if rows[each].archived_at is not None and not rows[each].erased
        ]

    def demand_free(self, email: str | None, *, but: int | None = None) -> None:
        """No two contacts have one address."""
        found = self.by_email(email) if email else None
        if found is not None and found.id != but:
            raise HubError(f"Contact already exists. Existing ID: {found.id}", "CONFLICT", status=409)

    def _apply(self, change: Change) -> Record:
        rows = self._all[change.kind]
        is_new = change.id not in rows
        record = rows.setdefault(change.id, Record(change.kind, change.id, change.at, change.at))
        if record.archived_at is not None:
            return self._restored(record, change)
        before = dict(record.values)
        for name, value in {**change.values, **_following(change)}.items():
            if value is None:
                record.values.pop(name, None)
            else:
                record.values[name] = value
        for name in {*before, *record.values}:
            if before.get(name) != record.values.get(name):
                record.set_at.setdefault(name, []).append((change.at, record.values.get(name, "")))
        self._index(record, before.get("email"))
        if change.archived:
            record.archived_at, record.merged_into = change.at, change.merged_into
            record.erased = change.erased
        if record.values != before:
            record.modified = max(record.modified, change.at)
        for other in change.linked:
            self._link(record, other)
        changed = {
            n: record.values.get(n)
            for n in {*before, *record.values}
            if before.get(n) != record.values.get(n)
        }
        self._tell(change, record, changed, is_new=is_new)
        return record

    def _restored(self, record: Record, change: Change) -> Record:
        """What else is done to something archived has no effect."""
        if change.restored and not record.erased:
            record.archived_at = None
            self._hooks.tell(change.kind, "restore", change.at, {"objectId": record.id})
        return record

    def _tell(
        self, change: Change, record: Record, changed: Mapping[str, str | None], *, is_new: bool
    ) -> None:
        kind, at, named = change.kind, change.at, {"objectId": record.id, "changeSource": "CRM_UI"}
        if is_new:
            self._hooks.tell(kind, "creation", at, named | {"changeFlag": "CREATED"})
        self._hooks.tell_values(kind, record.id, at, changed)
        if change.merged_into is not None:
            merged = {
                "primaryObjectId": change.merged_into,
                "mergedObjectIds": [record.id],
                "newObjectId": change.merged_into,
                "numberOfPropertiesMoved": 0,
            }
            self._hooks.tell(kind, "merge", at, merged | {"objectId": change.merged_into})
        elif change.archived:
            self._hooks.tell(kind, "deletion", at, named | {"changeFlag": "DELETED"})
            if change.erased:
                self._hooks.tell(kind, "privacyDeletion", at, {"objectId": record.id})

    def _index(self, record: Record, before: str | None) -> None:
        email = record.values.get("email")
        if record.kind != CONTACTS or email == before:
            return
        if before is not None and self._emails.get(before.lower()) == record.id:
            del self._emails[before.lower()]
        if email is not None:
            self._emails[email.lower()] = record.id

    def _link(self, record: Record, other: int) -> None:
        record.linked.add(other)
        opposite = self._all[CONTACTS if record.kind == DEALS else DEALS].get(other)
        if opposite is not None:
            opposite.linked.add(record.id)


def _following(change: Change) -> dict[str, str | None]:
    """What HubSpot sets of itself when a deal's stage changes."""
    stage = change.values.get("dealstage") if change.kind == DEALS else None
    if stage is None:
        return {}
    closed = stage in {WON, LOST}
    found: dict[str, str | None] = {
        "hs_is_closed": "true" if closed else "false",
        "hs_is_closed_won": "true" if stage == WON else "false",
    }
    if closed and "closedate" not in change.values:
        found["closedate"] = told(change.at)
    return found
