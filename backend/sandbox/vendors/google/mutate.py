"""`:mutate`: operations on budgets, campaigns, ad groups, ads and assets; all or nothing, or each for itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.vendors.google import assets, demand_gen, goals, schema
from sandbox.vendors.google.book import COLLECTIONS, Entity
from sandbox.vendors.google.changes import Actor, Change
from sandbox.vendors.google.errors import AdsError, Fault, failure, fault, request_fault
from sandbox.vendors.google.fields import is_shown
from sandbox.vendors.google.state import GoogleState, as_json, camel

_MOST = 10_000
_VERBS = ("create", "update", "remove")
_ONLY_UPDATED = frozenset({"campaign_conversion_goal"})
SERVICES = {collection: kind for kind, collection in COLLECTIONS.items() if kind != "conversion_action"}
_OPERATIONS = {f"{camel(kind)}Operation": kind for kind in SERVICES.values()}


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    operation: Mapping[str, Any]
    place: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """Of the request: its API version and its id, which partial failures repeat."""

    version: str
    request: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A mutate as it came; `service` is a collection, or `googleAds` for operations of several."""

    customer: str
    service: str
    body: Mapping[str, Any]
    actor: Actor
    wire: Wire


@dataclass(slots=True)
class Batch:
    """One request at work. `temporary` are the names that its creates go by until they have ids of their own."""

    google: GoogleState
    asked: Asked
    validate_only: bool
    refused: frozenset[int]
    temporary: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    settle: list[Callable[[], None]] = field(default_factory=list)

    @property
    def partial(self) -> bool:
        return bool(self.asked.body.get("partialFailure"))

    @property
    def customer(self) -> str:
        return self.asked.customer


def answer(google: GoogleState, asked: Asked, refused: Callable[[int], frozenset[int]]) -> dict[str, Any]:
    """`refused`: of so many operations, those that an ordered fault refuses."""
    many = asked.service == "googleAds"
    steps = _steps_of_many(asked) if many else _steps(asked)
    batch = Batch(google, asked, bool(asked.body.get("validateOnly")), refused(len(steps)))
    return _run(batch, steps, many=many)


def _steps(asked: Asked) -> list[Step]:
    kind = SERVICES[asked.service]
    return [
        Step(kind, operation, (("operations", index),))
        for index, operation in enumerate(_operations(asked.body, "operations"))
    ]


def _steps_of_many(asked: Asked) -> list[Step]:
    steps = []
    for index, outer in enumerate(_operations(asked.body, "mutateOperations")):
        found = [name for name in outer if name in _OPERATIONS and isinstance(outer[name], dict)]
        if len(outer) != 1 or not found:
            name = next(iter(outer), "operation")
            raise request_fault(
                "OPERATION_REQUIRED",
                f"{name} is not supported here.",
                path=[("mutate_operations", index)],
            )
        place = (("mutate_operations", index), (schema.snake(found[0]), None))
        steps.append(Step(_OPERATIONS[found[0]], outer[found[0]], place))
    return steps


def _operations(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    operations = body.get(name)
    if (
        not isinstance(operations, list)
        or not all(isinstance(one, dict) for one in operations)
        or not operations
    ):
        raise request_fault("REQUIRED_FIELD_MISSING", "The operations are required.", path=[(name, None)])
    if len(operations) > _MOST:
        raise request_fault("TOO_MANY_MUTATE_OPERATIONS", "A request holds at most 10000 operations.")
    return operations


def _run(batch: Batch, steps: list[Step], *, many: bool) -> dict[str, Any]:
    google = batch.google
    if batch.partial and any(step.kind in _ONLY_UPDATED for step in steps):
        raise fault(
            "mutateError",
            "OPERATION_DOES_NOT_SUPPORT_PARTIAL_FAILURE",
            "Goals are changed all together or not at all.",
            "partial_failure",
        )
    if google.customers[batch.customer].manager:
        raise request_fault("CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", "A manager account has no campaigns.")
    google.quota.spend(len(steps), google.now())
    results = _work(batch, steps, many=many)
    whole_fails = bool(batch.faults) and not batch.partial
    if batch.validate_only or whole_fails:
        for step_back in reversed(batch.undo):
            step_back()
    if whole_fails:
        raise AdsError("INVALID_ARGUMENT", *batch.faults)
    if batch.validate_only:
        return _with_failure({}, batch)
    for tell in batch.settle:
        tell()
    google.book.save()
    return _with_failure({_results_name(many=many): results}, batch)


def _work(batch: Batch, steps: list[Step], *, many: bool) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for index, step in enumerate(steps):
        try:
            if index in batch.refused:
                raise _busy()
            results.append(_result(step, _apply(batch, step), batch.asked.body, many=many))
        except AdsError as error:
            batch.faults += [one.under(*step.place) for one in error.faults]
            results.append({})
            if not batch.partial:
                break
    return results


def _busy() -> AdsError:
    return AdsError(
        "INVALID_ARGUMENT",
        Fault("databaseError", "CONCURRENT_MODIFICATION", "Multiple requests were attempting to modify it."),
    )


def _results_name(*, many: bool) -> str:
    return "mutateOperationResponses" if many else "results"


def _with_failure(answer: dict[str, Any], batch: Batch) -> dict[str, Any]:
    if not batch.faults:
        return answer
    wire = batch.asked.wire
    error = {
        "code": 3,
        "message": "Multiple errors in 'details'. First error: " + batch.faults[0].message,
        "details": [failure(batch.faults, wire.version, wire.request)],
    }
    return answer | {"partialFailureError": error}


def _result(step: Step, entity: Entity, body: Mapping[str, Any], *, many: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"resourceName": entity.name}
    if body.get("responseContentType") == "MUTABLE_RESOURCE":
        data = {name: one for name, one in entity.data.items() if is_shown(f"{step.kind}.{name}", one)}
        shown[camel(step.kind)] = as_json(data) | {"resourceName": entity.name}
    return {f"{camel(step.kind)}Result": shown} if many else shown


def _apply(batch: Batch, step: Step) -> Entity:
    verbs = [verb for verb in _VERBS if verb in step.operation]
    if step.kind == "asset" and "remove" in verbs:
        raise fault("mutateError", "MUTATE_NOT_ALLOWED", "An asset cannot be removed.", "remove")
    if len(verbs) != 1 or (step.kind in _ONLY_UPDATED and verbs != ["update"]):
        raise request_fault("OPERATION_REQUIRED", "An operation has one of create, update and remove.")
    apply = {"create": _create, "update": _update, "remove": _remove}[verbs[0]]
    entity, change = apply(batch, step)
    if change.fields:
        batch.settle.append(lambda: _settle(batch, entity, verbs[0].upper(), change))
    return entity


def _create(batch: Batch, step: Step) -> tuple[Entity, Change]:
    google = batch.google
    given = schema.read(step.kind, step.operation["create"], temporary=batch.temporary, creating=True)
    wanted_name, digest = given.pop("resource_name", None), given.pop(assets.DIGEST, None)
    known = None if digest is None else assets.known(google.book, batch.customer, digest)
    if known is not None:
        _call(batch, wanted_name, known)
        return known, Change((), {}, {})
    entity = Entity(step.kind, batch.customer, google.book.new_id(), schema.defaults(step.kind) | given)
    if step.kind in {"ad_group_ad", "ad_group_criterion"}:
        own = str(entity.data.get("location.geo_target_constant", entity.id)).rpartition("/")[2]
        entity.id = f"{entity.data['ad_group'].rpartition('/')[2]}~{own}"
    entity.hidden["made_at"] = google.now()
    if digest is not None:
        entity.hidden[assets.DIGEST] = digest
        assets.name_apart(google.book, entity)
    if entity.data.get("ad.type") == demand_gen.TYPE:
        until = google.now() + demand_gen.REVIEW_SECONDS
        entity.hidden["review"] = {"verdict": "pending", "until": until}
    schema.check(google, entity, before=None)
    google.book.put(entity)
    batch.undo.append(lambda: google.book.drop(entity.name))
    if step.kind == "campaign":
        _follow_campaign(batch, entity)
    _call(batch, wanted_name, entity)
    return entity, Change(tuple(given), {}, dict(given))


def _call(batch: Batch, wanted_name: Any, entity: Entity) -> None:
    if isinstance(wanted_name, str):
        batch.temporary[wanted_name] = entity.name


def _follow_campaign(batch: Batch, campaign: Entity) -> None:
    """What a new campaign has without being asked: its goals, and its own budget its name."""
    book = batch.google.book
    for goal in goals.give(book, campaign):
        batch.undo.append(partial(book.drop, goal.name))
    budget = book.get(campaign.data["campaign_budget"])
    if not budget.data["explicitly_shared"]:
        before = dict(budget.data)
        budget.data["name"] = campaign.data["name"]
        batch.undo.append(lambda: _put_back(budget, before))


def _update(batch: Batch, step: Step) -> tuple[Entity, Change]:
    google, body = batch.google, step.operation["update"]
    if not isinstance(body, dict):
        raise request_fault("REQUIRED_FIELD_MISSING", "The resource to update is required.")
    entity = _target(batch, step, body.get("resourceName"), ("update", None))
    mask = schema.mask(step.kind, step.operation.get("updateMask"))
    given = schema.read(step.kind, body, temporary=batch.temporary, creating=False)
    given.pop("resource_name", None)
    new = {name: given.get(name) for name in mask}
    old = {name: entity.data.get(name) for name in mask}
    before = dict(entity.data)
    entity.data.update(new)
    batch.undo.append(lambda: _put_back(entity, before))
    try:
        schema.check(google, entity, before=before)
    except AdsError:
        _put_back(entity, before)
        raise
    changed = tuple(name for name in mask if old[name] != new[name])
    return entity, Change(changed, {n: old[n] for n in changed}, {n: new[n] for n in changed})


def _put_back(entity: Entity, before: dict[str, Any]) -> None:
    entity.data.clear()
    entity.data.update(before)


def _remove(batch: Batch, step: Step) -> tuple[Entity, Change]:
    google = batch.google
    entity = _target(batch, step, step.operation["remove"], ("remove", None))
    if step.kind == "campaign_budget" and google.book.campaigns_on(entity.name):
        raise fault(
            "campaignBudgetError", "CAMPAIGN_BUDGET_IN_USE", "The campaign budget is in use.", "remove"
        )
    old = entity.data["status"]
    entity.data["status"] = "REMOVED"
    batch.undo.append(lambda: entity.data.update({"status": old}))
    return entity, Change(("status",), {"status": old}, {"status": "REMOVED"})


def _target(batch: Batch, step: Step, name: Any, place: tuple[str, int | None]) -> Entity:
    if not isinstance(name, str) or not name:
        raise request_fault("RESOURCE_NAME_MISSING", "Resource name is missing.", path=[place])
    name = _lasting(batch, name)
    prefix = f"customers/{batch.customer}/{COLLECTIONS[step.kind]}/"
    parts = name.split("/")
    if len(parts) != 4 or parts[0] != "customers" or parts[2] != COLLECTIONS[step.kind]:  # noqa: PLR2004 - a resource's name has four parts
        raise request_fault("RESOURCE_NAME_MALFORMED", "Resource name is malformed.", path=[place])
    entity = batch.google.book.find(name) if name.startswith(prefix) else None
    if entity is None or not entity.lives:
        raise AdsError(
            "INVALID_ARGUMENT",
            Fault("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.", name, [place]),
        )
    if name in batch.touched:
        raise AdsError(
            "INVALID_ARGUMENT",
            Fault(
                "mutateError",
                "ID_EXISTS_IN_MULTIPLE_MUTATES",
                "Cannot mutate the same resource twice in one request.",
                name,
                [place],
            ),
        )
    batch.touched.add(name)
    return entity


def _lasting(batch: Batch, name: str) -> str:
    """The name that stays, of one that may hold a temporary id; a goal's begins with its campaign's."""
    found = batch.temporary.get(name, name)
    campaign, _, rest = found.partition("~")
    made = batch.temporary.get(campaign.replace("/campaignConversionGoals/", "/campaigns/"))
    return f"{campaign.rpartition('/')[0]}/{made.rpartition('/')[2]}~{rest}" if made and rest else found


def _settle(batch: Batch, entity: Entity, operation: str, change: Change) -> None:
    """Tell the world and the history."""
    google = batch.google
    if entity.kind == "campaign_conversion_goal":
        return
    if entity.kind == "campaign" and operation == "CREATE":
        google.open_campaign(entity)
    if entity.kind == "campaign_budget":
        google.note_budget_move(entity, change.old, change.new)
        google.push_budget(entity.name)
    elif entity.kind == "campaign":
        google.push_with_neighbours(entity, change.old.get("campaign_budget"))
    elif entity.kind != "asset":
        google.push_of(entity)
    if operation == "CREATE" and "until" in (entity.hidden.get("review") or {}):
        google.await_review(entity)
    zone = google.timezone(entity.customer)
    google.changes.record(entity, operation, google.now(), zone, actor=batch.asked.actor, change=change)
