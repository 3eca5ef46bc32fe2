"""The statement says of every campaign what a slow reading of the rows says, whatever the rule and the figures."""

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.campaigns.labels import CampaignLabel, CampaignLabelLink
from app.schemas.rules.definition import read_definition
from app.services.rules.repository import RuleRepository, Verdicts
from tests.factories.access import Company
from tests.factories.rules import UNIT, a_definition, a_herd
from tests.services.rules.slow_evaluator import OneCampaign, OneDay, judge

_SMALL = st.integers(0, 4)
_OPS = st.sampled_from(["equals", "less_than", "at_most", "more_than", "at_least"])
_WINDOW = st.one_of(
    st.just({"kind": "today"}),
    st.just({"kind": "yesterday"}),
    st.fixed_dictionaries(
        {"kind": st.just("last"), "days": st.sampled_from([3, 7]), "settled": st.booleans()}
    ),
    st.fixed_dictionaries({"kind": st.just("lifetime"), "settled": st.booleans()}),
)
_FIXED = _WINDOW.filter(lambda each: each["kind"] != "lifetime")
_MONEY = ["spend", "value", "cpc", "cpm", "cpa"]
_PLAIN = ["impressions", "clicks", "conversions", "ctr", "cvr", "roas"]
_LABEL = UUID(int=7)


@st.composite
def _metric_test(draw: st.DrawFn) -> dict[str, Any]:
    is_money = draw(st.booleans())
    metric = draw(st.sampled_from([*_MONEY, "daily_budget"] if is_money else _PLAIN))
    other = draw(st.sampled_from([*_MONEY, "daily_budget"] if is_money else _PLAIN))
    than: dict[str, Any]
    if draw(st.booleans()):
        window = None if other == "daily_budget" else draw(_WINDOW)
        times = draw(st.sampled_from(["0.5", "1", "1.25", "2"]))
        than = {"kind": "metric", "metric": other, "window": window, "times": times}
    elif is_money:
        than = {
            "kind": "money",
            "micros": draw(_SMALL) * UNIT,
            "currency": draw(st.sampled_from(["USD", "USD", "EUR"])),
        }
    else:
        than = {"kind": "number", "value": draw(st.sampled_from(["0", "0.5", "1", "2", "3"]))}
    window = None if metric == "daily_budget" else draw(_WINDOW)
    return {"kind": "metric", "metric": metric, "window": window, "op": draw(_OPS), "than": than}


@st.composite
def _change_test(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from([*_MONEY, *_PLAIN]))
    windows = _FIXED if metric in {"spend", "value", "impressions", "clicks", "conversions"} else _WINDOW
    window = draw(windows)
    base = draw(windows.filter(lambda each: each != window))
    percent = draw(st.sampled_from(["-50", "-25", "0", "33.3333", "100"]))
    return {
        "kind": "change",
        "metric": metric,
        "window": window,
        "base": base,
        "op": draw(_OPS),
        "percent": percent,
    }


@st.composite
def _rank_test(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from([*_MONEY, *_PLAIN]))
    return {
        "kind": "rank",
        "metric": metric,
        "window": draw(_WINDOW),
        "end": draw(st.sampled_from(["top", "bottom"])),
        "count": draw(st.integers(1, 3)),
        "currency": draw(st.sampled_from(["USD", "EUR"])) if metric in _MONEY else None,
    }


_LEAF = st.one_of(
    _metric_test(),
    _metric_test(),
    _change_test(),
    _rank_test(),
    st.fixed_dictionaries(
        {
            "kind": st.just("platform"),
            "one_of": st.lists(st.sampled_from(["meta", "google"]), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("name"),
            "op": st.sampled_from(["is", "contains", "starts_with"]),
            "text": st.sampled_from(["a", "A_", "%", "broad"]),
        }
    ),
    st.just({"kind": "label", "label_id": str(_LABEL)}),
)
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["all", "any"]), "of": st.lists(inner, min_size=1, max_size=3)}
        ),
        st.fixed_dictionaries({"kind": st.just("not"), "of": inner}),
    ),
    max_leaves=5,
).filter(lambda tree: _depth(tree) <= 6)


def _depth(node: dict[str, Any]) -> int:
    inside = node["of"] if node["kind"] in {"all", "any"} else [node["of"]] if node["kind"] == "not" else []
    return 1 + max((_depth(each) for each in inside), default=0)


@dataclass
class Drawn:
    """A campaign's day, so many days back."""

    back: int
    spend: int
    impressions: int
    clicks: int
    conversions: int
    value: int
    maturity: str
    currency: bool


_DAY = st.builds(
    Drawn,
    back=st.sampled_from([0, 1, 2, 3, 4, 5, 8, 9, 10, 15, 20]),
    spend=_SMALL,
    impressions=_SMALL,
    clicks=_SMALL,
    conversions=_SMALL,
    value=_SMALL,
    maturity=st.sampled_from(["1", "1", "1", "0.9", "0.2"]),
    currency=st.sampled_from([True] * 9 + [False]),
)
_CAMPAIGN = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "A_b", "Broad", "50% off"]),
        "platform": st.sampled_from(["meta", "google"]),
        "budget": st.one_of(st.none(), st.integers(1, 4)),
        "began": st.sampled_from([None, 2, 5, 40]),
        "labelled": st.booleans(),
        "days": st.lists(_DAY, max_size=6, unique_by=lambda day: day.back),
    }
)
_ACCOUNT = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]),
        "currency": st.sampled_from(["USD", "EUR"]),
        "read": st.sampled_from([0, 0, 0, 0, 1]),
        "since": st.sampled_from([60, 60, 60, 6]),
        "click_days": st.sampled_from([1, 7]),
        "campaigns": st.lists(_CAMPAIGN, min_size=1, max_size=3),
    }
)


async def _written(scope: TenantScope, accounts: list[dict[str, Any]]) -> dict[UUID, OneCampaign]:
    """The same herd twice: as rows, and as the judge reads it."""
    found: dict[UUID, OneCampaign] = {}
    scope.session.add(CampaignLabel(id=_LABEL, name=f"Label {uuid7()}", created_by="test"))
    for each in accounts:
        read_at = scope.now() - timedelta(days=each["read"])
        herd = await a_herd(
            scope,
            timezone=each["timezone"],
            currency=each["currency"],
            read_at=read_at,
            click_days=each["click_days"],
        )
        since = herd.today - timedelta(days=each["since"])
        await scope.session.execute(
            text("update account_syncs set since = :since where ad_account_id = :id"),
            {"since": since, "id": herd.account},
        )
        for one in each["campaigns"]:
            budget = None if one["budget"] is None else one["budget"] * UNIT
            began = None if one["began"] is None else scope.now() - timedelta(days=one["began"])
            key = await herd.campaign(
                one["name"], platform=one["platform"], daily_budget_micros=budget, started_at=began
            )
            if one["labelled"]:
                scope.session.add(CampaignLabelLink(label_id=_LABEL, campaign_id=key))
            for day in one["days"]:
                other = "JPY" if not day.currency else each["currency"]
                figures = {
                    name: getattr(day, name)
                    for name in ("spend", "impressions", "clicks", "conversions", "value")
                }
                await herd.told(key, day.back, **figures, maturity=day.maturity, currency=other)
            found[key] = OneCampaign(
                name=one["name"],
                platform=one["platform"],
                currency=each["currency"],
                budget=budget,
                today=herd.today,
                read_on=read_at.astimezone(ZoneInfo(each["timezone"])).date(),
                read_since=since,
                began=None if began is None else began.astimezone(ZoneInfo(each["timezone"])).date(),
                lag=each["click_days"],
                labels={str(_LABEL)} if one["labelled"] else set(),
                days=[
                    OneDay(
                        day=herd.today - timedelta(days=day.back),
                        currency=each["currency"] if day.currency else "JPY",
                        spend=day.spend * UNIT,
                        impressions=day.impressions,
                        clicks=day.clicks,
                        conversions=Fraction(day.conversions),
                        value=day.value * UNIT,
                        maturity=Fraction(day.maturity),
                    )
                    for day in one["days"]
                ],
            )
    await scope.session.flush()
    return found


def _by_campaign(found: Verdicts) -> dict[UUID, bool | None]:
    return {each.id: each.matched for each in [*found.held, *found.others]}


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(_ACCOUNT, min_size=1, max_size=2), st.lists(_TREE, min_size=1, max_size=4))
async def test_every_rule_says_of_every_campaign_what_the_rows_say(
    acme: Company, accounts: list[dict[str, Any]], trees: list[dict[str, Any]]
) -> None:
    async with acme.scopes() as scope:
        herd = await _written(scope, accounts)
        for tree in trees:
            definition = a_definition(tree)
            found = await RuleRepository(scope).verdicts(read_definition(definition), scope.now(), most=100)
            expected = judge(definition, list(herd.values()))
            assert _by_campaign(found) == dict(zip(herd, expected, strict=True)), tree
            assert found.considered == len(herd)
            assert None not in found.unknown_by_reason
            assert found.unknown == sum(each is None for each in expected)
        await scope.session.rollback()


async def _says(
    scope: TenantScope, condition: dict[str, Any], **more: Any
) -> dict[str, tuple[bool | None, str | None]]:
    definition = read_definition(a_definition(condition, **more))
    found = await RuleRepository(scope).verdicts(definition, scope.now(), most=100)
    return {each.name: (each.matched, each.why) for each in [*found.held, *found.others]}


async def test_a_rank_that_others_may_still_take_is_not_known(acme: Company) -> None:
    """Two are known and one is not: the better of the two may be second, the other may not be first."""
    rank = {"kind": "rank", "metric": "roas", "window": {"kind": "yesterday"}, "end": "top", "count": 1}
    async with acme.scopes() as scope:
        herd = await a_herd(scope)
        for name, value, maturity in (("good", 9, 1), ("poor", 1, 1), ("young", 5, "0.1")):
            await herd.told(await herd.campaign(name), 1, spend=2, value=value, maturity=maturity)
        assert await _says(scope, rank) == {
            "good": (None, "others"), "poor": (False, None), "young": (None, "immature"),
        }  # fmt: skip
        assert (await _says(scope, {**rank, "count": 2}))["good"] == (True, None)


async def test_why_it_is_not_known_is_told(acme: Company) -> None:
    spent = {
        "kind": "metric",
        "metric": "spend",
        "op": "more_than",
        "than": {"kind": "money", "micros": 1, "currency": "USD"},
    }
    bought = {
        "kind": "metric", "metric": "cpa", "op": "more_than", "than": {"kind": "money", "micros": 1, "currency": "USD"},
    }  # fmt: skip
    async with acme.scopes() as scope:
        now = scope.now()
        fresh, stale = await a_herd(scope), await a_herd(scope, read_at=now - timedelta(days=1))
        euros = await a_herd(scope, currency="EUR")
        new = await a_herd(scope, since=now.date() - timedelta(days=5))
        for herd, name in ((fresh, "fresh"), (stale, "stale"), (euros, "euros"), (new, "new")):
            await herd.told(await herd.campaign(name), 1, spend=5)
        recent = await new.campaign("recent", started_at=now - timedelta(days=4))
        await new.told(recent, 1, spend=5)
        assert await _says(scope, {**spent, "window": {"kind": "last", "days": 7}}) == {
            "fresh": (True, None), "stale": (None, "unread"), "euros": (None, "currency"),
            "new": (None, "not_stored"), "recent": (True, None),
        }  # fmt: skip
        assert (await _says(scope, {**bought, "window": {"kind": "yesterday"}}))["fresh"] == (
            None,
            "no_denominator",
        )


async def test_settled_days_are_those_whose_attribution_is_over(acme: Company) -> None:
    sold = {
        "kind": "metric", "metric": "conversions", "op": "equals", "than": {"kind": "number", "value": "3"},
        "window": {"kind": "last", "days": 3, "settled": True},
    }  # fmt: skip
    async with acme.scopes() as scope:
        herd = await a_herd(scope, click_days=7)
        campaign = await herd.campaign("week")
        for back in (7, 8, 9, 10, 11):
            await herd.told(campaign, back, conversions=1, maturity=1 if back > 7 else "0.9")
        assert await _says(scope, sold) == {"week": (True, None)}
