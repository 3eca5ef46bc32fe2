"""The feed loses only what everybody who follows it has passed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DBAPIError

from app.core.clock import real_now
from app.core.config import Settings
from app.core.ids import uuid7
from app.db.platform import Platform
from app.models.cdp.identity import CdpProfileChange
from app.models.cdp.segments import CdpSegmentCursor
from app.models.cdp.traits import CdpTraitCursor
from app.services.cdp.feed.pruning import HOLDS_WHEN_OFF, KEPT
from app.services.cdp.feed.service import FeedPruning, FeedReading
from app.workers import tasks
from app.workers.handlers import PERIODIC
from tests.factories.access import Company
from tests.factories.crm import connect_crm
from tests.factories.webhooks import make_webhook
from tests.house.source import below

_ADDRESS = "http://127.0.0.1:9/hook"
_OLD = KEPT + timedelta(days=1)
# Each module that names the feed's table, and as which follower; None: it reads nothing of its past.
_READERS = {
    "app.services.cdp.feed.repository": None,  # by its subclasses, below
    "app.services.cdp.profiles.folding_repository": None,  # writes
    "app.services.cdp.privacy.rules": None,  # says what it holds
    "app.services.cdp.webhooks.feed_repository": "cdp.webhooks",
    "app.services.integrations.crm.writing_repository": "crm",
}


@pytest.fixture
def platform(app: FastAPI, settings: Settings) -> Platform:
    return Platform(app.state.engine, settings, app.state.clock)


async def write(company: Company, number: int, *, old: timedelta = _OLD, reason: str = "events") -> list[int]:
    """Rows of the feed, each a second after the one before; their places."""
    async with company.scopes() as scope:
        start = real_now() - old
        rows = [
            CdpProfileChange(
                at=start + timedelta(seconds=each),
                reason=reason,
                profile_ids=[uuid7()],
                event_names=[],
                traits=[],
            )
            for each in range(number)
        ]
        for row in rows:
            scope.session.add(row)
            await scope.session.flush()
        return [row.seq for row in rows]


async def left(company: Company) -> list[int]:
    async with company.scopes() as scope:
        return list(await scope.session.scalars(select(CdpProfileChange.seq).order_by(CdpProfileChange.seq)))


async def stand(company: Company, *, segments: int | None = None, traits: int | None = None) -> None:
    async with company.scopes() as scope:
        for model, place in ((CdpSegmentCursor, segments), (CdpTraitCursor, traits)):
            await scope.session.execute(delete(model))
            if place is not None:
                more: dict[str, Any] = {"announced_at": real_now()} if model is CdpSegmentCursor else {}
                scope.session.add(model(seq=place, **more))


async def clear(company: Company) -> None:
    async with company.scopes() as scope:
        await scope.session.execute(text("delete from cdp_profile_changes"))
        await scope.session.execute(text("delete from cdp_webhooks"))


async def test_nothing_that_a_follower_has_not_passed_goes(acme: Company, platform: Platform) -> None:
    """And what all have passed goes, but for the rows that stay whatever is asked for: all but the last."""
    place = st.one_of(st.none(), st.integers(0, 11))
    examples: list[tuple[int | None, int | None, int | None, int]] = []

    @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(place, place, place, st.integers(1, 5))
    def draw(segments: int | None, traits: int | None, webhook: int | None, at_once: int) -> None:
        examples.append((segments, traits, webhook, at_once))

    draw()
    for segments, traits, webhook, at_once in examples:
        await clear(acme)
        rows = await write(acme, 12)
        await stand(
            acme,
            segments=None if segments is None else rows[segments],
            traits=None if traits is None else rows[traits],
        )
        if webhook is not None:
            await (await make_webhook(acme, _ADDRESS)).set(change_seq=rows[webhook], change_offset=0)
        await FeedPruning(platform, at_once=at_once).run()
        needed = [
            11,
            *([] if segments is None else [segments + 1]),
            *([] if traits is None else [traits + 1]),
            *([] if webhook is None else [webhook]),
        ]
        assert await left(acme) == rows[min(needed) :], (segments, traits, webhook, at_once)


async def test_what_is_young_stays(acme: Company, platform: Platform) -> None:
    await clear(acme)
    old, young = await write(acme, 3), await write(acme, 3, old=KEPT - timedelta(hours=1))
    await stand(acme, segments=young[-1], traits=young[-1])
    await FeedPruning(platform).run()
    assert await left(acme) == young
    assert old


async def test_a_webhook_that_is_off_holds_the_feed_for_a_while_and_erasures_for_ever(
    acme: Company, platform: Platform
) -> None:
    await clear(acme)
    rows = await write(acme, 3)
    [erasure] = await write(acme, 1, reason="erased")
    rows += await write(acme, 3)
    await stand(acme, segments=rows[-1], traits=rows[-1])
    hook = await make_webhook(acme, _ADDRESS)
    off_at = real_now() - HOLDS_WHEN_OFF
    await hook.set(change_seq=0, enabled=False, off_at=off_at + timedelta(hours=1))
    await FeedPruning(platform).run()
    assert await left(acme) == sorted([*rows, erasure])
    assert (await hook.read())["lost_at"] is None
    await hook.set(off_at=off_at - timedelta(hours=1))
    await FeedPruning(platform).run()
    assert await left(acme) == [erasure, rows[-1]]
    assert (await hook.read())["lost_at"] is not None


async def test_a_neighbour_who_lags_holds_nobody_elses_feed(
    acme: Company, globex: Company, platform: Platform
) -> None:
    for company in (acme, globex):
        await clear(company)
    mine, theirs = await write(acme, 3), await write(globex, 3)
    await stand(acme, segments=mine[-1], traits=mine[-1])
    await stand(globex, segments=0, traits=theirs[-1])
    await FeedPruning(platform).run()
    assert (await left(acme), await left(globex)) == (mine[-1:], theirs)


async def test_a_bite_is_bounded_and_the_last_day_stays_whatever_is_asked_for(
    acme: Company, platform: Platform
) -> None:
    await clear(acme)
    rows = await write(acme, 4)
    young = await write(acme, 2, old=timedelta(hours=20))
    await stand(acme, segments=young[-1], traits=young[-1])
    forget = text("select cdp_feed_forget(:tenant, now() + interval '1 day', now(), :most)")
    async with platform.maintenance() as session:
        assert await session.scalar(forget, {"tenant": acme.id, "most": 3}) == 3
        assert await session.scalar(forget, {"tenant": acme.id, "most": 9}) == 1
        assert await session.scalar(forget, {"tenant": acme.id, "most": 9}) == 0
    assert rows
    assert await left(acme) == young


async def test_the_application_may_not_prune(acme: Company) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with acme.scopes() as scope:
            await scope.session.execute(text("select cdp_feed_forget(1, now(), now(), 1)"))


async def test_whoever_reads_the_feed_is_among_its_followers(acme: Company, platform: Platform) -> None:
    """A new reader fails here until `cdp_feed_followers` says how far it is."""
    naming = {
        module.name
        for module in below("app.services.")
        if re.search(r"\bcdp_profile_changes\b|\bCdpProfileChange\b", module.path.read_text())
    }
    assert naming == set(_READERS)
    readers = {each.turn for each in FeedReading.__subclasses__()}
    readers |= {follower for follower in _READERS.values() if follower is not None}
    await clear(acme)
    await stand(acme, segments=1, traits=1)
    await make_webhook(acme, _ADDRESS)
    await connect_crm(acme.scopes, None, change_seq=1, transition_seq=0, followed_at=real_now() + _OLD)
    async with platform.maintenance() as session:
        said = text("select distinct follower from cdp_feed_followers(:tenant, now())")
        assert set(await session.scalars(said, {"tenant": acme.id})) == readers


def test_it_is_scheduled() -> None:
    assert "cdp_tasks" in tasks.__all__
    assert "cdp.feed.prune" in PERIODIC
