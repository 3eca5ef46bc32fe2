"""Whatever is edited on either side, whoever dies, whatever is read late: both sides come to agree, and then rest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schemas.integrations.crm import CrmWins
from app.services.integrations.crm import write_rules
from app.services.integrations.crm.rules import Field, fields_of, mapping_faults, meaning_others
from app.services.integrations.crm.write_rules import NOTHING, Agreed, Sides, Verdict

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class World:
    """One field of one contact on both sides. `spelled` is how the CRM stores what it is given."""

    how: Field
    ours: str = NOTHING
    ours_at: datetime | None = None
    theirs: str = NOTHING
    theirs_at: datetime = START
    kept: list[str | None] | None = None
    events: list[tuple[str, datetime]] = field(default_factory=list)
    at: datetime = START
    writes: int = 0
    tells: int = 0

    def spelled(self, value: str) -> str:
        return value if value == NOTHING else value.lower()

    def tick(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def edit_ours(self, value: str) -> None:
        self.ours, self.ours_at = value, self.tick()

    def edit_theirs(self, value: str) -> None:
        if self.spelled(value) != self.theirs:
            self.theirs, self.theirs_at = self.spelled(value), self.tick()

    def fold(self) -> None:
        """What was told arrives; the later one stands."""
        for value, at in self.events:
            if self.ours_at is None or at > self.ours_at:
                self.ours, self.ours_at = value, at
        self.events.clear()

    def compare(self, *, dies: str | None = None) -> Verdict:
        """As a round of writing does it, dying at one of its steps."""
        agreed = Agreed.kept(self.kept)
        sides = Sides(self.ours, self.theirs, self.ours_at, self.theirs_at)
        verdict, agreed = write_rules.resolve(self.how, agreed, sides)
        if verdict is Verdict.WRITE:
            self.kept = write_rules.writing(agreed, self.ours).to_keep()
            if dies == "before":
                return verdict
            self.writes += 1
            if self.spelled(self.ours) != self.theirs:
                self.theirs, self.theirs_at = self.spelled(self.ours), self.tick()
            if dies != "after":
                self.kept = Agreed(self.ours, self.theirs, wrote=True).to_keep()
            return verdict
        self.kept = agreed.to_keep()
        if verdict is Verdict.TELL:
            at = write_rules.told_at(sides)
            assert at is not None
            if (self.theirs, at) not in self.events:  # the same id
                self.tells += 1
                self.events.append((self.theirs, at))
            if dies is None:
                self.kept = write_rules.telling(agreed, self.theirs, at).to_keep()
        return verdict

    def rest(self) -> None:
        for _ in range(6):
            self.compare()
            self.fold()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ours"), st.sampled_from(["A", "b", "C", NOTHING])),
        st.tuples(st.just("theirs"), st.sampled_from(["a", "d", "E", NOTHING])),
        st.tuples(st.just("compare"), st.sampled_from([None, "before", "after"])),
        st.tuples(st.just("fold"), st.none()),
    ),
    max_size=14,
)


def played(how: Field, steps: list[tuple[str, str | None]]) -> tuple[World, int]:
    """The world after them, and how many edits changed something."""
    world, edits = World(how), 0
    for what, value in steps:
        before = world.ours, world.theirs
        if what == "ours" and value is not None:
            world.edit_ours(value)
        elif what == "theirs" and value is not None:
            world.edit_theirs(value)
        elif what == "compare":
            world.compare(dies=value)
        else:
            world.fold()
        edits += what in {"ours", "theirs"} and before != (world.ours, world.theirs)
    return world, edits


@given(STEPS, st.sampled_from(["crm", "ours", "newest"]))
def test_both_sides_come_to_agree_and_then_nothing_is_said(
    steps: list[tuple[str, str | None]], wins: CrmWins
) -> None:
    world, edits = played(Field("city", "trait", "city", "both", wins), steps)
    world.rest()
    assert world.spelled(world.ours) == world.theirs
    deaths = sum(1 for what, value in steps if what == "compare" and value is not None)
    assert world.writes + world.tells <= edits + 2 * deaths + 1
    said = world.writes + world.tells
    world.rest()
    assert world.writes + world.tells == said


@given(STEPS)
def test_what_goes_one_way_is_ours_there_and_theirs_is_no_news(steps: list[tuple[str, str | None]]) -> None:
    world, edits = played(Field("city", "trait", "city", "to"), steps)
    world.rest()
    assert world.tells == 0
    if world.ours != NOTHING:
        assert world.spelled(world.ours) == world.theirs
    deaths = sum(1 for what, value in steps if what == "compare" and value is not None)
    assert world.writes <= edits + deaths + 1
    said = world.writes
    world.rest()
    assert world.writes == said


def agreed_world(wins: CrmWins) -> World:
    world = World(Field("city", "trait", "city", "both", wins), ours="old", ours_at=START, theirs="old")
    world.compare()
    return world


@pytest.mark.parametrize(
    ("wins", "first", "stands"),
    [
        ("crm", "ours", "theirs"),
        ("crm", "theirs", "theirs"),
        ("ours", "ours", "ours"),
        ("ours", "theirs", "ours"),
        ("newest", "ours", "theirs"),
        ("newest", "theirs", "ours"),
    ],
)
def test_who_wins_where_both_have_changed(wins: CrmWins, first: str, stands: str) -> None:
    world = agreed_world(wins)
    edits = [(world.edit_ours, "ours"), (world.edit_theirs, "theirs")]
    for edit, value in edits if first == "ours" else reversed(edits):
        edit(value)
    world.rest()
    assert (world.ours, world.theirs) == (stands, stands)


def test_what_was_told_and_is_on_its_way_is_not_written_over() -> None:
    world = agreed_world("ours")
    world.edit_theirs("new")
    assert world.compare() is Verdict.TELL
    assert world.compare() is Verdict.WAIT
    world.fold()
    world.rest()
    assert (world.ours, world.theirs, world.writes) == ("new", "new", 0)


def test_what_was_told_and_arrived_is_no_edit_of_ours() -> None:
    world = agreed_world("ours")
    world.edit_theirs("new")
    world.compare()
    world.fold()
    world.edit_theirs("newer")
    world.rest()
    assert (world.ours, world.theirs, world.writes) == ("newer", "newer", 0)


def test_how_the_crm_spells_what_was_written_is_no_edit_of_theirs() -> None:
    world = agreed_world("newest")
    world.edit_ours("PARIS")
    world.rest()
    assert (world.ours, world.theirs, world.tells) == ("PARIS", "paris", 0)


def test_a_death_between_writing_and_noting_is_no_edit_of_theirs() -> None:
    """The CRM would win: our own earlier value must not come back as its news."""
    world = World(Field("city", "trait", "city", "both", "crm"), ours="old", ours_at=START, theirs="old")
    world.compare()
    world.edit_ours("new")
    world.compare(dies="after")
    world.edit_ours("newer")
    world.rest()
    assert (world.ours, world.theirs, world.tells) == ("newer", "newer", 0)


def test_a_value_that_the_crm_spells_otherwise_is_written_once() -> None:
    world = World(Field("city", "trait", "city", "to"))
    world.edit_ours("PARIS")
    world.rest()
    assert (world.theirs, world.writes) == ("paris", 1)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"property": "phone", "to": "phone", "direction": "to"}, "identifier"),
        ({"property": "x", "to": "lifecycle", "direction": "from"}, "computed"),
        ({"property": "x", "to": "computed", "name": "churn.ratio", "direction": "to"}, "moving"),
        ({"property": "x", "to": "segment", "name": "friends", "direction": "to"}, "not_an_id"),
        ({"property": "city", "to": "lifecycle", "direction": "to"}, "twice"),
        ({"property": "x", "to": "computed", "direction": "to"}, "missing"),
    ],
)
def test_a_mapping_that_could_not_be_written_says_why(entry: dict[str, str], fault: str) -> None:
    mapping = [
        {"property": "email", "to": "email"},
        {"property": "city", "to": "trait", "name": "city"},
        entry,
    ]
    assert fault in {each.code for each in mapping_faults(fields_of(mapping))}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (12, "12"),
        (1.5, "1.5"),
        (2.0, "2"),
        (" a ", "a"),
        ("", None),
        ([1], None),
        (None, None),
    ],
)
def test_a_value_as_a_property_holds_it(value: object, text: str | None) -> None:
    assert write_rules.text_of(value) == text


def test_what_leaves_a_mapping_or_means_something_else_is_forgotten() -> None:
    one, other = (Field("p", "trait", name, "to") for name in ("one", "other"))
    told = Field("p", "trait", "one")
    assert meaning_others([other], [one]) == ["p"]
    assert meaning_others([], [one]) == ["p"]
    assert meaning_others([one], []) == ["p"]
    assert (
        meaning_others([one], [told]) == meaning_others([told], [one]) == meaning_others([one], [one]) == []
    )


def test_money_is_exact() -> None:
    assert write_rules.text_of(129_990_000, is_money=True) == "129.99"
