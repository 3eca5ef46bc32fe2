"""Lists of customers at a platform: their names, every entry that was taken by its hashes, and whom it is of."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.world.parameters import Shop
from sandbox.world.people import Person, person
from sandbox.world.world import World

Entry = dict[str, str]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Whom a platform knows of a shop's people, and in which form it looks for them.

    `found_by` makes of a person what the platform hashes, by the keys of its entries; `alone` are the keys that name
    a person by themselves, the others do so together.
    """

    platform: str
    share: float
    found_by: Mapping[str, Callable[[Person], str]]
    alone: tuple[str, ...]


def digest(entry: Entry) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


class Membership:
    """Entries stay remembered once they are out: counts tell of a time before."""

    def __init__(self, store: Store, world: World, knowledge: Knowledge) -> None:
        self._store = store
        self._world = world
        self._knowledge = knowledge
        self._known: dict[str, dict[str, int]] = {}

    def add(self, audience: str, account: str, entries: Sequence[Entry], now: float) -> int:
        """Take entries in, again where they are in; how many of them the platform knows."""
        known = self._people(account)
        rows = {digest(each): (each, self._whose(each, known)) for each in entries}
        with self._store.together():
            self._store.write(
                "INSERT INTO audience_entries (audience, entry, body, matched, added_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (audience, entry) DO UPDATE SET removed_at = NULL, added_at ="
                " CASE WHEN removed_at IS NULL THEN added_at ELSE excluded.added_at END",
                [(audience, key, json.dumps(each), whose, now) for key, (each, whose) in rows.items()],
            )
            self._store.write(
                "INSERT OR IGNORE INTO audience_keys (audience, key, entry) VALUES (?, ?, ?)",
                [(audience, name, key) for key, (each, _) in rows.items() for name in self._keys(each)],
            )
        return sum(whose > 0 for _, whose in rows.values())

    def remove(self, audience: str, entries: Iterable[Entry], now: float) -> None:
        """Whoever is named by any of these leaves; who is not in stays out."""
        named = [(now, audience, audience, name) for each in entries for name in self._keys(each)]
        self._store.write(
            "UPDATE audience_entries SET removed_at = ? WHERE audience = ? AND removed_at IS NULL AND entry IN"
            " (SELECT entry FROM audience_keys WHERE audience = ? AND key = ?)",
            named,
        )

    def empty(self, audience: str, now: float) -> int:
        """Everybody leaves; how many entries that were."""
        gone = len(self.members(audience))
        self._store.write(
            "UPDATE audience_entries SET removed_at = ? WHERE audience = ? AND removed_at IS NULL",
            [(now, audience)],
        )
        return gone

    def members(self, audience: str) -> list[tuple[Entry, bool]]:
        """Everybody in it now, and whether the platform knows them."""
        rows = self._store.read(
            "SELECT body, matched FROM audience_entries WHERE audience = ? AND removed_at IS NULL ORDER BY entry",
            (audience,),
        )
        return [(json.loads(body), bool(matched)) for body, matched in rows]

    def size(self, audience: str, at: float) -> int | None:
        """How many people the platform can show ads to, as it stood then; None before anything was taken."""
        rows = self._store.read(
            "SELECT count(*), count(DISTINCT CASE WHEN matched > 0 AND (removed_at IS NULL OR removed_at > ?)"
            " THEN matched END) FROM audience_entries WHERE audience = ? AND added_at <= ?",
            (at, audience, at),
        )
        found, matched = rows[0]
        return int(matched or 0) if found else None

    def forget(self, audience: str) -> None:
        for table in ("audience_entries", "audience_keys", "audience_sessions"):
            self._store.write(f"DELETE FROM {table} WHERE audience = ?", [(audience,)])  # noqa: S608 - a name above

    def shown(self, audience: str) -> dict[str, Any]:
        """As the control API tells it: nobody else ever is."""
        found = self.members(audience)
        return {
            "entries": len(found),
            "matched": sum(matched for _, matched in found),
            "members": [{"entry": entry, "matched": matched} for entry, matched in found],
        }

    def _keys(self, entry: Entry) -> list[str]:
        """By what an entry is found again."""
        alone = [f"{name}:{entry[name]}" for name in self._knowledge.alone if entry.get(name)]
        return alone or [f"all:{digest(entry)}"]

    def _people(self, account: str) -> dict[str, int]:
        """Whose each hash is, of the people of this account's shop whom the platform knows; they count from 1."""
        found = self._known.get(account)
        if found is None:
            shop = self._world.accounts[account].shop
            found = self._known[account] = dict(self._known_people(shop))
        return found

    def _known_people(self, shop: Shop) -> Iterable[tuple[str, int]]:
        knowledge = self._knowledge
        for index in range(shop.people):
            if Chance(self._world.seed, f"{knowledge.platform}-knows", shop.id, index).happens(
                knowledge.share
            ):
                who = person(self._world.seed, shop, index)
                for form in knowledge.found_by.values():
                    yield hashlib.sha256(form(who).encode()).hexdigest(), index + 1

    def _whose(self, entry: Entry, known: Mapping[str, int]) -> int:
        """Whose an entry is; 0 where the platform knows nobody by it."""
        return next(
            (known[entry[name]] for name in self._knowledge.found_by if entry.get(name) in known),
            0,
        )


@dataclass
class CustomerList:
    """A list's own facts; `changed_at` is when somebody last came or went, in simulated time."""

    id: str
    account: str
    name: str
    made_at: float
    changed_at: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class CustomerLists:
    """The lists of a platform whose entities are kept otherwise, or not at all."""

    def __init__(self, store: Store, platform: str, first: int) -> None:
        self._store = store
        self._document = f"{platform}_customer_lists"
        self._first = first

    def all(self) -> list[CustomerList]:
        return [CustomerList(**each) for each in self._kept()["lists"].values()]

    def of(self, account: str) -> list[CustomerList]:
        return [each for each in self.all() if each.account == account]

    def find(self, list_id: str) -> CustomerList | None:
        found = self._kept()["lists"].get(list_id)
        return None if found is None else CustomerList(**found)

    def make(self, account: str, name: str, now: float, **facts: Any) -> CustomerList:
        kept = self._kept()
        made = CustomerList(str(self._first + kept["made"]), account, name, now, None, facts)
        kept["made"] += 1
        kept["lists"][made.id] = asdict(made)
        self._store.keep(self._document, kept)
        return made

    def save(self, changed: CustomerList) -> None:
        kept = self._kept()
        kept["lists"][changed.id] = asdict(changed)
        self._store.keep(self._document, kept)

    def remove(self, list_id: str) -> None:
        kept = self._kept()
        kept["lists"].pop(list_id, None)
        self._store.keep(self._document, kept)

    def _kept(self) -> dict[str, Any]:
        found: dict[str, Any] = self._store.document(self._document) or {"made": 0, "lists": {}}
        return found
