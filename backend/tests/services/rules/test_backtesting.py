"""Backtests: as known then, with what the past does not tell said plainly."""

from datetime import timedelta

from sqlalchemy import text

from app.db.session import Scopes, TenantScope
from app.schemas.rules.definition import read_definition, read_schedule
from app.services.rules.backtesting import Backtest, Backtesting
from tests.factories.rules import SPENT, Herd, a_definition, a_herd

NOON = {"every_minutes": 1440, "at": "12:00"}


async def _read_daily(herd: Herd, days: int) -> None:
    """The account was read each day at eleven, so many days back."""
    for back in range(1, days + 1):
        at = (herd.now - timedelta(days=back)).replace(hour=11, minute=0)
        await herd.scope.session.execute(
            text(
                "insert into account_syncs (id, ad_account_id, started_at, finished_at, since, until) values "
                "(gen_random_uuid(), :account, :at, :at, :since, :until)"
            ),
            {"account": herd.account, "at": at, "since": herd.today - timedelta(days=60), "until": at.date()},
        )


async def _tested(scope: TenantScope, *, days: int, cooldown: int = 24, **more: object) -> Backtest:
    definition = read_definition(a_definition(SPENT) | more)
    return await Backtesting(scope).run(definition, read_schedule(NOON), timedelta(hours=cooldown), days)


async def test_a_past_day_is_judged_by_what_was_known_then(scopes: Scopes) -> None:
    async with scopes() as scope:
        herd = await a_herd(scope)
        await _read_daily(herd, 4)
        campaign = await herd.campaign("Prospecting")
        seen_at = (herd.now - timedelta(days=3)).replace(hour=11, minute=0)
        # Four days ago it had spent 20 by the reading of the next day; a restatement made it 90 two days later.
        await herd.told(campaign, 4, at=seen_at, latest=False, spend=20)
        await herd.told(campaign, 4, at=seen_at + timedelta(days=2), spend=90)
        await herd.told(campaign, 3, at=seen_at + timedelta(days=1), spend=90)
        found = await _tested(scope, days=4)
    assert [each.fired for each in found.days] == [0, 0, 1, 0]
    assert [str(each.examples[0].figures[0].value) for each in found.days if each.examples] == [
        "90000000.000000"
    ]
    assert found.not_looked_at == []


async def test_before_it_was_read_nothing_is_known(scopes: Scopes) -> None:
    async with scopes() as scope:
        herd = await a_herd(scope)
        campaign = await herd.campaign("Prospecting")
        await herd.told(campaign, 2, spend=90)
        found = await _tested(scope, days=3)
    assert [(each.fired, dict(each.unknown_by_reason or {})) for each in found.days] == [
        (0, {"unread": 1})
    ] * 3


async def test_a_backtest_keeps_the_cooldown_and_the_days_of_the_schedule(scopes: Scopes) -> None:
    async with scopes() as scope:
        herd = await a_herd(scope)
        await _read_daily(herd, 7)
        campaign = await herd.campaign("Prospecting")
        for back in range(1, 9):
            at = (herd.now - timedelta(days=back - 1)).replace(hour=10, minute=0)
            await herd.told(campaign, back, at=at, spend=90)
        every = await _tested(scope, days=7)
        seldom = await _tested(scope, days=7, cooldown=72)
        definition = read_definition(a_definition(SPENT))
        monday = read_schedule({**NOON, "parts": [{"days": [0], "since": "00:00", "until": "24:00"}]})
        mondays = await Backtesting(scope).run(definition, monday, timedelta(hours=24), 7)
    assert [each.fired for each in every.days] == [1] * 7
    assert [each.fired for each in seldom.days] == [1, 0, 0, 1, 0, 0, 1]
    assert [each.held for each in seldom.days] == [1] * 7
    assert sum(each.at is not None for each in mondays.days) == 1


async def test_what_the_past_does_not_tell_is_said(scopes: Scopes) -> None:
    raise_it = {"kind": "budget_percent", "percent": "10"}
    async with scopes() as scope:
        herd = await a_herd(scope)
        await herd.campaign("Prospecting")
        found = await _tested(scope, days=1, actions=[raise_it])
        pausing = await _tested(scope, days=1)
    assert any("daily budget" in each for each in found.unknowable)
    assert not any("daily budget" in each for each in pausing.unknowable)
    assert any("labels" in each for each in pausing.unknowable)
