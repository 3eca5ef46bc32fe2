"""What is told, in which order, and when it is tried again. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Topic(StrEnum):
    CREATED = "profile.created"
    UPDATED = "profile.updated"
    MERGED = "profile.merged"
    ENDED = "profile.ended"
    ENTERED = "segment.entered"
    LEFT = "segment.left"


TEST_TOPIC = "webhook.test"


class EndedBecause(StrEnum):
    """Why a profile is no more."""

    ERASED = "erased"
    ABSORBED = "absorbed"
    """Merged into another, which now has what was this one's."""
    DISSOLVED = "dissolved"
    """Its identifiers belong to others, or to nobody: its founding one has come back since, or never acted."""


class OffBecause(StrEnum):
    BY_HAND = "by_hand"
    GONE = "gone"
    """The receiver answered 410."""
    FAILING = "failing"


class Kind(StrEnum):
    FEED = "feed"
    TEST = "test"
    REPLAY = "replay"


ERASED = "erased"
"""The feed's word for an erasure, which every webhook is told of, whatever it subscribed to."""
_ENDED = "ended"
_GRAPH = "graph"

WHOLE = 2**31 - 1
"""An offset past the end of every row."""

PATIENCE = timedelta(days=3)
"""After failing for so long a webhook is switched off."""
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 3_600.0
_LONGEST_WISH = 6 * 3_600.0
"""A receiver may ask for a longer pause than ours, up to this many seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """How far the two logs have been told."""

    change_seq: int
    change_offset: int
    transition_seq: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A row of the feed, its ids from `offset` on."""

    seq: int
    at: datetime
    reason: str
    offset: int
    profile_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Birth:
    """Of the identifier that founded a profile: whose it is now, since when it and the profile are there."""

    owner: UUID
    identifier_at: datetime
    profile_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transition:
    seq: int
    at: datetime
    segment_id: UUID
    profile_id: UUID
    entered: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to tell. Its id is made of where it stands in its log, so that a resend has the same."""

    id: str
    topic: Topic
    at: datetime
    profile_id: UUID
    after: Place
    """The place once this was told. Of the log that it does not come from, the place is the reader's."""
    absorbed: UUID | None = None
    ended: EndedBecause | None = None
    into: UUID | None = None
    segment_id: UUID | None = None
    reason: str | None = None


@dataclass(slots=True)
class Named:
    """Which profiles the rows of one moment have named so far: a turn of the resolver may name one twice."""

    at: datetime | None = None
    ids: set[UUID] = field(default_factory=set)

    def is_new(self, at: datetime, profile_id: UUID) -> bool:
        if at != self.at:
            self.at, self.ids = at, set()
        if profile_id in self.ids:
            return False
        self.ids.add(profile_id)
        return True


def items_of_changes(
    rows: Iterable[ChangeRow], births: Mapping[UUID, Birth], topics: Collection[str], named: Named
) -> list[Item]:
    """What the feed's rows come to for a webhook of these topics."""
    return [
        item
        for row in rows
        for number, profile_id in enumerate(row.profile_ids, start=row.offset)
        for item in _items_of(row, number, profile_id, births.get(profile_id), named)
        if item.topic in topics or item.ended is EndedBecause.ERASED
    ]


def _items_of(
    row: ChangeRow, number: int, profile_id: UUID, birth: Birth | None, named: Named
) -> Iterable[Item]:
    name, after = f"c{row.seq}.{profile_id.hex}", Place(row.seq, number + 1, 0)
    if row.reason == ERASED:
        yield Item(name, Topic.ENDED, row.at, profile_id, after, ended=EndedBecause.ERASED)
    elif row.reason == _ENDED:
        into = birth.owner if birth is not None and birth.owner != profile_id else None
        if into is not None:
            yield Item(f"{name}.m", Topic.MERGED, row.at, into, after, absorbed=profile_id, into=into)
        because = EndedBecause.DISSOLVED if into is None else EndedBecause.ABSORBED
        yield Item(name, Topic.ENDED, row.at, profile_id, after, ended=because, into=into)
    else:
        is_first = named.is_new(row.at, profile_id)
        if is_first and birth is not None and row.at in {birth.identifier_at, birth.profile_at}:
            yield Item(name, Topic.CREATED, row.at, profile_id, after)
        elif is_first or row.reason != _GRAPH:
            yield Item(name, Topic.UPDATED, row.at, profile_id, after)


def items_of_transitions(rows: Iterable[Transition]) -> list[Item]:
    return [
        Item(
            f"s{row.seq}",
            Topic.ENTERED if row.entered else Topic.LEFT,
            row.at,
            row.profile_id,
            Place(0, 0, row.seq),
            segment_id=row.segment_id,
            reason=row.reason,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Log:
    """What was read of one log: items in its order, where reading began and how far it came."""

    items: Sequence[Item]
    begin: Place
    end: Place
    is_whole: bool
    """Whether there is nothing behind what was read."""


def woven(changes: Log, transitions: Log, most: int) -> tuple[list[Item], Place]:
    """The next items of both logs, and the place once they are told.

    Each log's order is kept; between the two, time decides, and at the same time a profile's change comes before the
    move that it led to. Where one log was read only in part, what may come behind its end is waited for.
    """
    told: list[Item] = []
    i = j = 0
    while len(told) < most:
        one = changes.items[i] if i < len(changes.items) else None
        other = transitions.items[j] if j < len(transitions.items) else None
        if (one is None and not changes.is_whole) or (other is None and not transitions.is_whole):
            break
        if one is not None and (other is None or one.at <= other.at):
            told.append(one)
            i += 1
        elif other is not None:
            told.append(other)
            j += 1
        else:
            break
    # Two items of one place (a merge and the end that it is) are told together.
    while 0 < i < len(changes.items) and changes.items[i].after == changes.items[i - 1].after:
        told.append(changes.items[i])
        i += 1
    return told, _joined(_reached(changes, i), _reached(transitions, j))


def _reached(log: Log, consumed: int) -> Place:
    if consumed == len(log.items):
        return log.end
    return log.items[consumed - 1].after if consumed else log.begin


def _joined(change: Place, transition: Place) -> Place:
    return Place(change.change_seq, change.change_offset, transition.transition_seq)


def fitting(items: Sequence[Item], sizes: Iterable[int], most: int) -> int:
    """How many of the items one message of so many bytes holds; the first goes whatever its size.

    Of two items of one place (a merge and the end that it is) neither goes without the other.
    """
    size = held = 0
    for number, each in enumerate(sizes, start=1):
        size += each
        if held and size > most:
            break
        if number == len(items) or items[number].after != items[number - 1].after:
            held = number
    return held


def place_after(items: Sequence[Item], begin: Place) -> Place:
    """Where a message stands that was cut behind these items."""
    change = next((each.after for each in reversed(items) if each.segment_id is None), begin)
    move = next((each.after for each in reversed(items) if each.segment_id is not None), begin)
    return _joined(change, move)


def pause_after(attempt: int, dice: float, wish: float | None) -> timedelta:
    """Before the next try; `attempt` failed ones lie behind, `dice` is between 0 and 1, `wish` is the receiver's."""
    grown = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempt - 1, 20))
    return timedelta(seconds=max(grown * (0.5 + dice / 2), min(wish or 0.0, _LONGEST_WISH)))
