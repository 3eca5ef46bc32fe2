"""Who is in a custom audience: every entry that was taken, by its hashes, and whom the platform knows of them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.world.parameters import Shop
from sandbox.world.people import person
from sandbox.world.world import World

SETTLES = 3600.0
"""Simulated seconds until the platform's counts tell of a change."""
REPLACED_WITHIN = 90 * 60.0
"""Simulated seconds in which a replacement has to be uploaded whole."""
_KNOWN = 0.68
"""The share of a shop's people who have an account at the platform."""
_ALONE = ("EMAIL", "PHONE", "MADID", "EXTERN_ID")
"""What names a person by itself; the other keys do so together."""
_FOUND_BY = ("EMAIL", "PHONE")

Entry = dict[str, str]


@dataclass
class Replacement:
    """An upload that becomes the audience when its last batch has come."""

    session: int
    began: float
    next_batch: int = 1
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Session:
    """What came in one upload; `matched` is None until it is known."""

    id: int
    began: float
    ended: float | None
    received: int
    invalid: int
    matched: int | None


def keys_of(entry: Entry) -> list[str]:
    """By what an entry is found again."""
    alone = [f"{name}:{entry[name]}" for name in _ALONE if entry.get(name)]
    return alone or [f"all:{digest(entry)}"]


def digest(entry: Entry) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


class AudienceBook:
    def __init__(self, store: Store, world: World) -> None:
        self._store = store
        self._world = world
        self._known: dict[str, frozenset[str]] = {}
        self.replacing: dict[str, Replacement] = {}
        self.without_terms: set[str] = set()
        """Accounts for which nobody has accepted the terms."""

    def add(self, audience: str, account: str, entries: Sequence[Entry], now: float) -> int:
        """Take entries in, again where they are in; how many of them the platform knows."""
        known = self._people(account)
        rows = {digest(each): (each, int(self._is_known(each, known))) for each in entries}
        with self._store.together():
            self._store.write(
                "INSERT INTO audience_entries (audience, entry, body, matched, added_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (audience, entry) DO UPDATE SET removed_at = NULL, added_at ="
                " CASE WHEN removed_at IS NULL THEN added_at ELSE excluded.added_at END",
                [(audience, key, json.dumps(each), matched, now) for key, (each, matched) in rows.items()],
            )
            self._store.write(
                "INSERT OR IGNORE INTO audience_keys (audience, key, entry) VALUES (?, ?, ?)",
                [(audience, name, key) for key, (each, _) in rows.items() for name in keys_of(each)],
            )
        return sum(matched for _, matched in rows.values())

    def remove(self, audience: str, entries: Iterable[Entry], now: float) -> None:
        """Whoever is named by any of these leaves; who is not in stays out."""
        named = [(now, audience, audience, name) for each in entries for name in keys_of(each)]
        self._store.write(
            "UPDATE audience_entries SET removed_at = ? WHERE audience = ? AND removed_at IS NULL AND entry IN"
            " (SELECT entry FROM audience_keys WHERE audience = ? AND key = ?)",
            named,
        )

    def replace(self, audience: str, account: str, entries: Sequence[Entry], now: float) -> int:
        self._store.write(
            "UPDATE audience_entries SET removed_at = ? WHERE audience = ? AND removed_at IS NULL",
            [(now, audience)],
        )
        return self.add(audience, account, entries, now)

    def members(self, audience: str) -> list[tuple[Entry, bool]]:
        """Everybody in it now, and whether the platform knows them."""
        rows = self._store.read(
            "SELECT body, matched FROM audience_entries WHERE audience = ? AND removed_at IS NULL ORDER BY entry",
            (audience,),
        )
        return [(json.loads(body), bool(matched)) for body, matched in rows]

    def size(self, audience: str, at: float) -> int | None:
        """How many the platform can show ads to, as it stood then; None before anything was taken."""
        rows = self._store.read(
            "SELECT count(*), sum(matched AND (removed_at IS NULL OR removed_at > ?)) FROM audience_entries"
            " WHERE audience = ? AND added_at <= ?",
            (at, audience, at),
        )
        found, matched = rows[0]
        return int(matched or 0) if found else None

    def note(
        self, audience: str, session: int, now: float, *, counts: tuple[int, int, int], last: bool
    ) -> None:
        """Count a batch (received, invalid, matched) to its session."""
        received, invalid, matched = counts
        self._store.write(
            "INSERT INTO audience_sessions (audience, session, began, ended, received, invalid, matched)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (audience, session) DO UPDATE SET"
            " ended = excluded.ended, received = received + excluded.received,"
            " invalid = invalid + excluded.invalid, matched = matched + excluded.matched",
            [(audience, str(session), now, now if last else None, received, invalid, matched)],
        )

    def sessions(self, audience: str, now: float) -> list[Session]:
        rows = self._store.read(
            "SELECT session, began, ended, received, invalid, matched FROM audience_sessions WHERE audience = ?"
            " ORDER BY began, session",
            (audience,),
        )
        return [
            Session(
                int(name),
                began,
                ended,
                received,
                invalid,
                matched if ended and now >= ended + SETTLES else None,
            )
            for name, began, ended, received, invalid, matched in rows
        ]

    def forget(self, audience: str) -> None:
        for table in ("audience_entries", "audience_keys", "audience_sessions"):
            self._store.write(f"DELETE FROM {table} WHERE audience = ?", [(audience,)])  # noqa: S608 - a name above
        self.replacing.pop(audience, None)

    def _people(self, account: str) -> frozenset[str]:
        """Hashes of the people of this account's shop whom the platform knows."""
        found = self._known.get(account)
        if found is None:
            shop = self._world.accounts[account].shop
            found = self._known[account] = frozenset(_known_people(self._world.seed, shop))
        return found

    @staticmethod
    def _is_known(entry: Entry, known: frozenset[str]) -> bool:
        return any(entry.get(name) in known for name in _FOUND_BY)


def _known_people(seed: int, shop: Shop) -> Iterable[str]:
    for index in range(shop.people):
        if Chance(seed, "meta-knows", shop.id, index).happens(_KNOWN):
            who = person(seed, shop, index)
            yield hashlib.sha256(who.email.encode()).hexdigest()
            yield hashlib.sha256(who.phone.removeprefix("+").encode()).hexdigest()
