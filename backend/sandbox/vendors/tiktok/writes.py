"""Updates and creations: validated as TikTok does, told to the change log, then to the world."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.tiktok import creations
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.changelog import Actor
from sandbox.vendors.tiktok.entities import Entity, utc
from sandbox.vendors.tiktok.errors import TikTokError, no_such, wrong
from sandbox.vendors.tiktok.money import budget, number
from sandbox.vendors.tiktok.reading import advertiser_of, public
from sandbox.vendors.tiktok.state import TikTokState

OPERATIONS = ("ENABLE", "DISABLE", "DELETE")
_MOST_STATUSES = 20
_MOST_BUDGETS = 20
_OVER_SPENT = 1.05
_NIGHT = timedelta(minutes=5)
_UPDATABLE = {
    "campaign": {"campaign_name", "budget"},
    "adgroup": {"adgroup_name", "budget"},
}


def update(kind: str) -> Callable[[TikTokState, Call, Actor, frozenset[int]], dict[str, Any]]:
    """`/campaign/update/`, `/adgroup/update/`."""

    def answer(state: TikTokState, call: Call, actor: Actor, broken: frozenset[int]) -> dict[str, Any]:
        advertiser, entity_id = advertiser_of(state, call), call.text(f"{kind}_id")
        changes = {n: v for n, v in call.params.items() if n not in {"advertiser_id", f"{kind}_id"}}
        if unknown := changes.keys() - _UPDATABLE[kind]:
            raise wrong(f"{min(unknown)}: It is not emulated by this sandbox.")
        entity = _living(state, kind, entity_id, advertiser)
        if broken:
            raise _refused_item(entity_id)
        apply(state, entity, changes, actor)
        return public(state, entity)

    return answer


def apply(
    state: TikTokState,
    entity: Entity,
    changes: Mapping[str, Any],
    actor: Actor,
    *,
    below_spend: bool = False,
) -> None:
    """Change an object; a TikTokError says what was wrong, and then nothing has changed."""
    name = f"{entity.kind}_name"
    wanted = dict(changes)
    if name in wanted and not (isinstance(wanted[name], str) and wanted[name].strip()):
        raise wrong(f"{name}: It must not be empty.")
    if "operation_status" in wanted and wanted["operation_status"] not in OPERATIONS:
        raise wrong(f"operation_status: It must be one of {', '.join(OPERATIONS)}.")
    if "budget" in wanted:
        wanted["budget"] = number(_budget(state, entity, wanted["budget"], below_spend=below_spend))
    real = {key: new for key, new in wanted.items() if entity.data.get(key) != new}
    for key, new in real.items():
        old, entity.data[key] = entity.data.get(key), new
        what = {"budget": "Budget", "operation_status": "Status"}.get(key, "Name")
        money = f" {state.currency(entity.advertiser)}" if key == "budget" else ""
        state.changelog.record(
            entity, what, state.now, actor=actor, before=f"{old}{money}", after=f"{new}{money}"
        )
    if real:
        entity.data["modify_time"] = utc(state.now)
        state.entities.save()
        state.push(state.entities.campaign_of(entity))


def change_status(kind: str) -> Callable[[TikTokState, Call, Actor, frozenset[int]], dict[str, Any]]:
    """`/campaign/status/update/`, `/adgroup/status/update/`, `/ad/status/update/`."""

    def answer(state: TikTokState, call: Call, actor: Actor, broken: frozenset[int]) -> dict[str, Any]:
        advertiser = advertiser_of(state, call)
        wanted = call.words(f"{kind}_ids", most=_MOST_STATUSES)
        operation = call.text("operation_status")
        if operation not in OPERATIONS:
            raise wrong(f"operation_status: It must be one of {', '.join(OPERATIONS)}.")
        partly = kind != "campaign" and call.flag("allow_partial_success")
        found, errors = _each(state, kind, wanted, advertiser=advertiser, broken=broken, partly=partly)
        for entity in found:
            apply(state, entity, {"operation_status": operation}, actor)
        facts: dict[str, Any] = {f"{kind}_ids": [entity.id for entity in found], "status": operation}
        return facts | ({"error_list": errors} if errors else {})

    return answer


def change_budgets(state: TikTokState, call: Call, actor: Actor, broken: frozenset[int]) -> dict[str, Any]:
    """`/adgroup/budget/update/`: lifetime budgets now; daily ones, `scheduled_budget`, hold from the next day on."""
    advertiser, rows = advertiser_of(state, call), call.objects("budget")
    if not 1 <= len(rows) <= _MOST_BUDGETS:
        raise wrong(f"budget: Length must be between 1 and {_MOST_BUDGETS}.")
    _awake(state, advertiser)
    wanted = [str(row.get("adgroup_id", "")) for row in rows]
    found, _ = _each(state, "adgroup", wanted, advertiser=advertiser, broken=broken, partly=False)
    for group, row in zip(found, rows, strict=True):
        if "scheduled_budget" in row or group.data["budget_mode"] != "BUDGET_MODE_TOTAL":
            raise wrong(
                "scheduled_budget: A daily budget that is to hold from tomorrow on is not emulated by this sandbox."
            )
        _budget(state, group, row.get("budget"))
    for group, row in zip(found, rows, strict=True):
        apply(state, group, {"budget": row["budget"]}, actor)
    return {"adgroup_ids": [group.id for group in found]}


def create(kind: str) -> Callable[[TikTokState, Call, Actor, frozenset[int]], dict[str, Any]]:
    """`/campaign/create/`, `/adgroup/create/`, `/ad/create/`."""

    def answer(state: TikTokState, call: Call, actor: Actor, broken: frozenset[int]) -> dict[str, Any]:
        if broken:
            raise _refused_item("1")
        advertiser = advertiser_of(state, call)
        made = creations.MAKERS[kind](state, call, advertiser)
        for entity in made:
            state.entities.put(entity)
            state.changelog.record(entity, "Settings", state.now, actor=actor, before=None, after=None)
        state.entities.save()
        creations.tell_world(state, made)
        if kind != "ad":
            return public(state, made[0])
        return {"ad_ids": [ad.id for ad in made], "creatives": [public(state, ad) for ad in made]}

    return answer


def _each(
    state: TikTokState, kind: str, wanted: list[str], *, advertiser: str, broken: frozenset[int], partly: bool
) -> tuple[list[Entity], list[dict[str, Any]]]:
    """The objects of a list and the refusals; without leave for partial success, the first refusal is all."""
    if not wanted:
        raise wrong(f"{kind}_ids: Missing data for required field.")
    found, errors = [], []
    for index, each in enumerate(wanted):
        try:
            if index in broken:
                raise _refused_item(each)
            found.append(_living(state, kind, each, advertiser))
        except TikTokError as error:
            if not partly:
                raise
            errors.append({f"{kind}_id": each, "error_code": error.code, "error_message": error.message})
    return found, errors


def _living(state: TikTokState, kind: str, entity_id: str, advertiser: str) -> Entity:
    entity = state.entities.find(kind, entity_id, advertiser)
    if entity is None:
        raise no_such(f"{kind}_id: {entity_id} does not exist, or does not belong to this advertiser.")
    if state.entities.is_deleted(entity):
        raise wrong(f"{kind}_id: {entity_id} is deleted and can't be modified.")
    return entity


def _budget(state: TikTokState, entity: Entity, value: Any, *, below_spend: bool = False) -> float:
    """A budget at a level that has one, and above what is spent of it unless that may be."""
    campaign = state.entities.campaign_of(entity)
    if entity.kind == "adgroup" and campaign.data["budget_optimize_on"]:
        raise wrong(
            "budget: The campaign's budget is optimized over its ad groups; these have none of their own."
        )
    if entity.data["budget_mode"] == "BUDGET_MODE_INFINITE":
        raise wrong("budget: It can't be set while budget_mode is BUDGET_MODE_INFINITE.")
    amount = budget(entity.kind, value, state.currency(entity.advertiser))
    spent = 0.0 if below_spend else state.spent(entity)
    if amount < entity.data["budget"] and amount < spent * _OVER_SPENT:
        raise wrong(f"budget: It must be at least 105% of the current spend of {spent:.2f}.")
    return amount


def _awake(state: TikTokState, advertiser: str) -> None:
    """In the day's last five minutes, TikTok changes no ad group's budget this way."""
    here = datetime.fromtimestamp(state.now, ZoneInfo(state.timezone(advertiser)))
    if (here + _NIGHT).date() != here.date():
        raise wrong("budget: It can't be modified between 23:55 and 24:00 of the account's time.")


def _refused_item(item: str) -> TikTokError:
    return wrong(f"{item}: It can't be modified at this moment.")
