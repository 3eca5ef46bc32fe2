"""What a rule can speak of: names and values that a company really has, read from the newest of what is stored.

Reading all of it would cost more with every event that is kept. So a bounded number of the newest events and profiles
is read, and the answer says how many; a name that is in none of them can still be typed. Nothing that names a person is
suggested: no sealed value, and of the others only those that several people share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db.session import TenantScope
from app.services.cdp.events import service as events
from app.services.cdp.segments.rules import root
from app.services.cdp.segments.vocabulary_repository import Found, VocabularyRepository

_EVENTS = 2_000
_PROFILES = 1_000
_MOST_NAMES = 200
_MOST_VALUES = 20
_LONGEST_VALUE = 60
_KINDS = {"string": "text", "number": "number", "boolean": "truth", "array": "list"}


@dataclass(frozen=True, slots=True)
class Word:
    name: str
    kinds: Sequence[str]
    values: Sequence[str]
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class EventName:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Words:
    sampled_events: int
    sampled_profiles: int
    since: datetime | None
    events: Sequence[EventName]
    properties: Sequence[Word]
    traits: Sequence[Word]
    computed: Sequence[Word]
    currencies: Sequence[str]


class Vocabulary:
    def __init__(self, scope: TenantScope) -> None:
        self._rows = VocabularyRepository(scope)

    async def read(self, event: str | None) -> Words:
        """The vocabulary; with an event, its properties too."""
        heard = await self._rows.heard(_EVENTS)
        said = await self._rows.said(_PROFILES)
        names = [EventName(name, count) for name, count in heard.names[:_MOST_NAMES]]
        known = {each.name for each in names}
        names += [EventName(each, 0) for each in await self._rows.asked() if each not in known]
        clear = words(said.traits, traits=True)
        sealed = [Word(name, ["text"], [], sealed=True) for name in said.sealed]
        return Words(
            sampled_events=heard.count,
            sampled_profiles=said.count,
            since=heard.since,
            events=names[:_MOST_NAMES],
            properties=[]
            if event is None
            else words(await self._rows.properties(event, _EVENTS), traits=False),
            traits=sorted([*clear, *sealed], key=lambda word: word.name.lower())[:_MOST_NAMES],
            computed=words(said.computed, traits=False),
            currencies=heard.currencies,
        )


def words(found: Iterable[Found], *, traits: bool) -> list[Word]:
    """Names with their kinds and shared values, the most frequent values first; none that names a person."""
    kinds: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    for name, kind, text, people in found:
        if events.is_personal(root(name), traits=traits) or events.is_personal(
            name.rpartition(".")[2], traits=traits
        ):
            continue
        known = kinds.setdefault(name, [])
        if kind in _KINDS and _KINDS[kind] not in known:
            known.append(_KINDS[kind])
        if kind == "string" and people > 1 and text is not None and _may_be_shown(text):
            values.setdefault(name, []).append(text)
    names = sorted(kinds, key=str.lower)[:_MOST_NAMES]
    return [Word(name, kinds[name], values.get(name, [])[:_MOST_VALUES]) for name in names]


def _may_be_shown(text: str) -> bool:
    return (
        0 < len(text) <= _LONGEST_VALUE
        and events.SEALED not in text
        and "@" not in text
        and events.normal_phone(text) is None
    )
