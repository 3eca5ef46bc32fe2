"""Money is exact in every currency, told once, and never more comes back than was ordered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.shops import rules
from app.services.integrations.shops.ports import Money, RemoteBuyer, RemoteOrder, RemoteRefund

AT = datetime(2026, 11, 1, tzinfo=UTC)
PLACE = rules.Place("shopify", "northwind.myshopify.com")
UNITS = {"JPY": 1_000_000, "USD": 10_000, "KWD": 1_000}
"""Millionths of the smallest coin: no, two and three decimals."""
BUYER = RemoteBuyer(customer="7", email="ada@example.com", phone=None, traits={}, consents=(), no_sale=False)


def ordered(
    total: int, currency: str, refunds: Sequence[int] = (), gone: int = 0, *, cancelled: bool = False
) -> RemoteOrder:
    """A state of an order; each refund is a minute after the one before."""
    step = len(refunds) + (gone > 0) + cancelled
    return RemoteOrder(
        id="1",
        name="#1",
        aliases=("1",),
        ordered_at=AT,
        updated_at=AT + timedelta(minutes=step),
        cancelled_at=AT + timedelta(days=1) if cancelled else None,
        test=False,
        total=Money(total, currency),
        presented=Money(total, currency),
        current=Money(total - gone, currency),
        refunds=[
            RemoteRefund(
                id=str(n),
                at=AT + timedelta(minutes=n),
                given=Money(amount, currency),
                presented=Money(amount, currency),
            )
            for n, amount in enumerate(refunds)
        ],
        buyer=BUYER,
        lines=(),
    )


def seen(states: Sequence[RemoteOrder], elsewhere: rules.Elsewhere) -> tuple[list[rules.Telling], rules.Held]:
    """Everything that is told by whoever sees these states, one after another."""
    held, told = rules.Held(), []
    for state in states:
        found = rules.plan(state, held, elsewhere, now=AT, wait=timedelta(0), named=True)
        told += found.tell
        held = rules.Held(
            state=found.state,
            told=found.told,
            back=found.back,
            grown=found.grown,
            refunds=frozenset(found.refunds),
            tellings=found.tellings,
        )
    return told, held


@st.composite
def lives(draw: st.DrawFn) -> list[RemoteOrder]:
    """What becomes of an order: refunds, items that are taken out, and its end, in any order."""
    currency = draw(st.sampled_from(sorted(UNITS)))
    unit = UNITS[currency]
    coins = draw(st.integers(1, 10**9))
    total, refunds, gone = coins * unit, list[int](), 0
    states = [ordered(total, currency)]
    for _ in range(draw(st.integers(0, 6))):
        amount = draw(st.integers(1, coins)) * unit
        if draw(st.booleans()) and sum(refunds) + amount <= total:
            refunds.append(amount)
        elif gone + amount <= total:
            gone += amount
        states.append(ordered(total, currency, refunds, gone))
    if draw(st.booleans()):
        states.append(ordered(total, currency, refunds, gone, cancelled=True))
    return states


def back_of(told: Sequence[rules.Telling]) -> int:
    return sum(each.micros for each in told if each.event in {rules.REFUNDED, rules.CANCELLED})


@given(lives(), st.data())
def test_whichever_states_are_seen_the_same_comes_back(
    states: list[RemoteOrder], data: st.DataObject
) -> None:
    last = states[-1]
    chosen = data.draw(st.lists(st.sampled_from(range(len(states))), max_size=6))
    # One that is seen for the first time after its end is told of by nobody.
    some = [states[0], *(states[n] for n in sorted(chosen)), last]
    for looks in (states, some):
        told, held = seen(looks, rules.Elsewhere())
        whole = last.total.micros
        refunds = sum(each.given.micros for each in last.refunds)
        due = whole if last.cancelled_at else max(refunds, whole - last.current.micros)
        assert [each.micros for each in told if each.event == rules.PLACED] == [whole]
        assert back_of(told) == held.back == due <= whole
        assert len({each.ref for each in told}) == len(told)


@given(lives(), st.integers(0, 10**15))
def test_what_the_shop_told_itself_is_not_told_twice(states: list[RemoteOrder], back: int) -> None:
    whole = states[-1].total.micros
    elsewhere = rules.Elsewhere(ordered=True, worth=None, back=min(back, whole))
    told, held = seen(states, elsewhere)
    assert held.state == "covered"
    assert all(each.event != rules.PLACED for each in told)
    assert back_of(told) + elsewhere.back <= whole or back_of(told) == 0


@given(st.decimals(0, 10**12, places=6))
def test_an_amount_is_written_as_exactly_as_it_was_read(amount: Decimal) -> None:
    micros = rules.exact_micros(str(amount))
    assert micros is not None
    assert Decimal(rules.written(micros)) == amount


def test_what_is_no_exact_amount_is_none() -> None:
    for text in ("", "ten", "NaN", "Infinity", "0.0000001", "1e30", "9" * 65):
        assert rules.exact_micros(text) is None, text


def test_what_is_left_over_goes_to_the_first_refund_that_needs_it() -> None:
    """The shop's own event gave back seven of ten: of two refunds of five, three are left to tell."""
    state = ordered(10_000_000, "USD", [5_000_000, 5_000_000])
    told, _ = seen([state], rules.Elsewhere(ordered=True, worth=10_000_000, back=7_000_000))
    assert [(each.refund, each.micros) for each in told] == [("0", 3_000_000)]


def test_what_came_back_waits_for_the_shops_own_event_and_only_the_rest_is_told() -> None:
    wait, micros = timedelta(minutes=15), 1_000_000
    state = ordered(100 * micros, "USD", [20 * micros, 10 * micros], gone=45 * micros)

    def at(minutes: int, back: int, *seen: str) -> tuple[list[tuple[str, int]], datetime | None]:
        elsewhere = rules.Elsewhere(ordered=True, worth=100 * micros, back=back * micros)
        held = rules.Held(state="covered", told=100 * micros, refunds=frozenset(seen))
        now = AT + timedelta(minutes=minutes)
        found = rules.plan(state, held, elsewhere, now=now, wait=wait, named=True)
        return [(each.ref, each.micros // micros) for each in found.tell], found.due_at

    first, second, rest = (AT + timedelta(minutes=n) + wait for n in (0, 1, 3))
    assert at(3, back=0) == ([], first)
    assert at(15, back=0) == ([("r0", 20)], second)
    assert at(15, back=20) == ([], second)
    assert at(16, 20, "0") == ([("r1", 10)], rest)
    assert at(18, back=0) == ([("r0", 20), ("r1", 10), ("b1", 15)], None)
    assert at(18, back=45) == ([], None)


def test_one_that_is_cancelled_at_once_waits_for_the_shops_own_event_too() -> None:
    state, wait = ordered(10_000_000, "USD", cancelled=True), timedelta(minutes=15)
    first = rules.plan(state, rules.Held(), rules.Elsewhere(), now=AT, wait=wait, named=True)
    assert (first.state, first.due_at, first.tell) == ("waiting", AT + wait, [])
    held, after = rules.Held(state=first.state), AT + timedelta(days=2)
    covered = rules.Elsewhere(ordered=True, worth=10_000_000)
    found = rules.plan(state, held, covered, now=after, wait=wait, named=True)
    assert [(each.event, each.micros) for each in found.tell] == [(rules.CANCELLED, 10_000_000)]
    assert rules.plan(state, held, rules.Elsewhere(), now=after, wait=wait, named=True).state == "void"


def test_nothing_of_an_order_is_told_while_it_waits_or_after_it_was_erased() -> None:
    state = ordered(10_000_000, "USD", [5_000_000])
    waits = rules.plan(state, rules.Held(), rules.Elsewhere(), now=AT, wait=timedelta(minutes=1), named=True)
    assert (waits.tell, waits.due_at) == ([], AT + timedelta(minutes=1))
    gone = rules.Held(state="erased", told=10_000_000)
    assert rules.plan(state, gone, rules.Elsewhere(), now=AT, wait=timedelta(0), named=True).tell == []


def test_who_opted_out_of_selling_is_not_sent_on() -> None:
    buyer = RemoteBuyer(
        customer=None, email="ada@example.com", phone=None, traits={}, consents=(), no_sale=True
    )
    whole = ordered(10_000_000, "USD")
    order = RemoteOrder(**{name: getattr(whole, name) for name in whole.__slots__} | {"buyer": buyer})
    [telling] = seen([order], rules.Elsewhere())[0]
    event = msgspec.json.decode(rules.event_of(order, telling, PLACE, "1"))
    assert event["context"]["consent"] == {"categoryPreferences": {"Advertising": False}}
    [said] = [msgspec.json.decode(each) for each in rules.consent_events(order, PLACE)]
    assert (said["type"], said["email"]) == ("identify", "ada@example.com")
