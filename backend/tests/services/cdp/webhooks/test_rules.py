"""Signatures, pauses, addresses, and how two logs become one stream."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.cdp.webhooks.rules import (
    WHOLE,
    Birth,
    ChangeRow,
    Item,
    Log,
    Named,
    Place,
    Topic,
    fitting,
    items_of_changes,
    items_of_transitions,
    pause_after,
    woven,
)
from app.services.cdp.webhooks.rules import Transition as Move
from app.services.integrations.webhooks.rules import address_fault, new_secret, signature, wished_pause

NOW = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
ALL = frozenset(Topic)


def test_the_published_vector_is_signed_as_published() -> None:
    """The vector of the Standard Webhooks reference libraries."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_written_as_the_scheme_wants_it() -> None:
    secret = new_secret(b"\xff" * 32)
    assert secret.startswith("whsec_")
    assert base64.b64decode(secret.removeprefix("whsec_")) == b"\xff" * 32
    with pytest.raises(ValueError, match="24"):
        new_secret(b"short")


@given(st.integers(1, 500), st.floats(0, 1), st.none() | st.floats(0, 1e12))
def test_a_pause_grows_and_is_bounded(attempt: int, dice: float, wish: float | None) -> None:
    pause = pause_after(attempt, dice, wish)
    assert timedelta(seconds=2.5) <= pause <= timedelta(hours=6)
    if wish is None:
        assert pause <= timedelta(hours=1)
        assert pause_after(attempt + 1, dice, None) >= pause
    else:
        assert pause >= timedelta(seconds=min(wish, 6 * 3_600))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sat, 28 Nov 2026 06:00:30 GMT", 30.0),
        ("Sat, 28 Nov 2026 05:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wish_to_wait_is_read_where_it_says_something(header: str | None, seconds: float | None) -> None:
    assert wished_pause(header, NOW) == seconds


@given(st.text(max_size=60))
def test_whatever_a_receiver_writes_into_it_breaks_nothing(header: str) -> None:
    wished = wished_pause(header, NOW)
    assert wished is None or wished >= 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "example.com", "https://", "https://u:p@example.com/",
        "https://u@example.com/", "https://example.com:99999/", "https://example.com:0/", "https://exa mple.com/",
        "https://example.com/\n", "https://example.com/#x", "javascript:alert(1)", "https://[::1/", "//example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_for_messages_is_told_so(url: str) -> None:
    assert address_fault(url, allow_plain=False) is not None


def test_an_address_may_have_a_port_a_path_and_a_query() -> None:
    assert address_fault("https://example.com:8443/hook?team=1", allow_plain=False) is None
    assert address_fault("http://127.0.0.1:8443/hook", allow_plain=True) is None


@given(st.text(max_size=80))
def test_whatever_is_given_for_an_address_breaks_nothing(url: str) -> None:
    address_fault(url, allow_plain=False)
    address_fault(f"https://{url}", allow_plain=False)


def _log(items: list[Item], begin: int, most: int, *, moves: bool) -> Log:
    """What a reader finds behind `begin`, in windows of `most`."""
    behind = [
        each for each in items if (each.after.transition_seq if moves else each.after.change_seq) > begin
    ]
    here = Place(0, 0, begin) if moves else Place(begin, WHOLE, 0)
    if len(behind) > most:
        return Log(behind[:most], here, behind[most - 1].after, is_whole=False)
    return Log(behind, here, Place(10_000, WHOLE, 10_000), is_whole=True)


_TIMES = st.lists(st.integers(0, 30), max_size=40)


@given(
    _TIMES | _TIMES.map(sorted),
    _TIMES | _TIMES.map(sorted),
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(1, 9),
)
def test_two_logs_read_in_any_windows_become_one_stream_that_loses_nothing(
    change_times: list[int], move_times: list[int], window: int, move_window: int, most: int
) -> None:
    """Each log's order is kept, whatever its clock says; nothing is told twice; what led to a move comes first."""

    def at(seconds: int) -> datetime:
        return NOW + timedelta(seconds=seconds)

    changes = [
        Item(f"c{n}", Topic.CREATED, at(seconds), UUID(int=n), Place(n, 1, 0))
        for n, seconds in enumerate(change_times, 1)
    ]
    moves = items_of_transitions(
        Move(n, at(seconds), UUID(int=1), UUID(int=n), entered=True, reason="events")
        for n, seconds in enumerate(move_times, 1)
    )
    told: list[str] = []
    place = Place(0, 0, 0)
    for _ in range(200):
        mine = _log(changes, place.change_seq, window, moves=False)
        theirs = _log(moves, place.transition_seq, move_window, moves=True)
        items, reached = woven(mine, theirs, most)
        told += [each.id for each in items]
        assert len(items) <= most
        if reached.change_seq == reached.transition_seq == 10_000:
            break
        place = reached
    assert [each for each in told if each[0] == "c"] == [each.id for each in changes]
    assert [each for each in told if each[0] == "s"] == [each.id for each in moves]
    if change_times == sorted(change_times) and move_times == sorted(move_times):
        times = {each.id: each.at for each in (*changes, *moves)}
        assert [times[each] for each in told] == sorted(times[each] for each in told)


def test_one_turn_that_names_a_person_twice_is_told_once() -> None:
    person = UUID(int=1)
    rows = [
        ChangeRow(1, NOW, "events", 0, [person]),
        ChangeRow(2, NOW, "graph", 0, [person]),
        ChangeRow(3, NOW + timedelta(seconds=1), "graph", 0, [person]),
    ]
    births = {person: Birth(person, NOW, NOW)}
    told = items_of_changes(rows, births, ALL, Named())
    assert [each.topic for each in told] == [Topic.CREATED, Topic.UPDATED]
    assert [each.id for each in told] == [f"c1.{person.hex}", f"c3.{person.hex}"]


def test_an_erasure_is_told_whatever_was_asked_for() -> None:
    person = UUID(int=1)
    rows = [ChangeRow(1, NOW, "erased", 0, [person]), ChangeRow(2, NOW, "ended", 0, [UUID(int=2)])]
    told = items_of_changes(rows, {}, frozenset({Topic.ENTERED}), Named())
    assert [(each.topic, each.ended) for each in told] == [("profile.ended", "erased")]


def test_a_merge_and_the_end_that_it_is_go_in_one_message_whatever_their_size() -> None:
    """Their place in the log is one: a message that ended between the two would leave the end untold."""
    goes, stays = UUID(int=1), UUID(int=2)
    births = {goes: Birth(stays, NOW, None)}
    items = items_of_changes([ChangeRow(7, NOW, "ended", 0, [goes])], births, ALL, Named())
    assert [each.topic for each in items] == [Topic.MERGED, Topic.ENDED]
    before = items_of_changes([ChangeRow(6, NOW, "events", 0, [stays])], {}, ALL, Named())
    assert fitting([*before, *items], [10, 5, 5], 20) == 3
    assert fitting([*before, *items], [10, 10, 10], 20) == 1
    assert fitting(items, [30, 10], 20) == 2
