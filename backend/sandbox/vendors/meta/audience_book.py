"""Who is in a custom audience; uploads are counted by session, and one may take the place of all that is in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.membership import Entry, Knowledge, Membership
from sandbox.store import Store
from sandbox.world.world import World

SETTLES = 3600.0
"""Simulated seconds until the platform's counts tell of a change."""
REPLACED_WITHIN = 90 * 60.0
"""Simulated seconds in which a replacement has to be uploaded whole."""
_KNOWLEDGE = Knowledge(
    "meta",
    0.68,
    {"EMAIL": lambda who: who.email, "PHONE": lambda who: who.phone.removeprefix("+")},
    ("EMAIL", "PHONE", "MADID", "EXTERN_ID"),
)


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


class AudienceBook(Membership):
    def __init__(self, store: Store, world: World) -> None:
        super().__init__(store, world, _KNOWLEDGE)
        self.replacing: dict[str, Replacement] = {}
        self.without_terms: set[str] = set()
        """Accounts for which nobody has accepted the terms."""

    def replace(self, audience: str, account: str, entries: Sequence[Entry], now: float) -> int:
        self.empty(audience, now)
        return self.add(audience, account, entries, now)

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
        super().forget(audience)
        self.replacing.pop(audience, None)
