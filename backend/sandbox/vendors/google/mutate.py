"""`:mutate`: operations on budgets, campaigns, ad groups and ads; all or nothing, or each for itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.google import schema
from sandbox.vendors.google.book import COLLECTIONS, Entity
from sandbox.vendors.google.changes import Actor, Change
from sandbox.vendors.google.errors import AdsError, Fault, failure, request_fault
from sandbox.vendors.google.schema import fault
from sandbox.vendors.google.state import GoogleState, camel

_MOST = 10_000
_VERBS = ("create", "update", "remove")
SERVICES = {collection: kind for kind, collection in COLLECTIONS.items() if kind != "conversion_action"}
_OPERATIONS = {f"{camel(kind)}Operation": kind for kind in SERVICES.values()}
Undo = Callable[[], None]


@dataclass(slots=True)
class Batch:
    """One request. `temporary` are the names that its creates go by until they have ids of their own."""

    google: GoogleState
    customer: str
    actor: Actor
    validate_only: bool
    temporary: dict[str, str]
    touched: set[str]


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    operation: Mapping[str, Any]
    place: tuple[tuple[str, int | None], ...]


def mutate(
    google: GoogleState,
    customer: str,
    collection: str,
    body: Mapping[str, Any],
    *,
    actor: Actor,
    wire: "Wire",
) -> dict[str, Any]:
    """One service's own mutate."""
    kind = SERVICES[collection]
    steps = [
        Step(kind, operation, (("operations", index),))
        for index, operation in enumerate(_operations(body, "operations"))
    ]
    return _run(Batch(google, customer, actor, bool(body.get("validateOnly")), {}, set()), steps, body, wire)


def mutate_many(
    google: GoogleState, customer: str, body: Mapping[str, Any], *, actor: Actor, wire: "Wire"
) -> dict[str, Any]:
    """`googleAds:mutate`: operations of several services in one request."""
    steps = []
    for index, outer in enumerate(_operations(body, "mutateOperations")):
        found = [name for name in outer if name in _OPERATIONS]
        if len(outer) != 1 or not found:
            name = next(iter(outer), "operation")
            raise request_fault(
                "OPERATION_REQUIRED",
                f"{name} is not supported here.",
                path=[("mutate_operations", index)],
            )
        place = (("mutate_operations", index), (schema.snake(found[0]), None))
        steps.append(Step(_OPERATIONS[found[0]], outer[found[0]], place))
    batch = Batch(google, customer, actor, bool(body.get("validateOnly")), {}, set())
    return _run(batch, steps, body, wire, many=True)


@dataclass(frozen=True, slots=True)
class Wire:
    """Of the request: its API version and its id, which partial failures repeat."""

    version: str
    request: str


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


def _run(
    batch: Batch, steps: list[Step], body: Mapping[str, Any], wire: Wire, *, many: bool = False
) -> dict[str, Any]:
    if batch.google.customers[batch.customer].manager:
        raise request_fault("CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", "A manager account has no campaigns.")
    batch.google.quota.spend(len(steps), batch.google.now())
    partial = bool(body.get("partialFailure"))
    results: list[dict[str, Any]] = []
    faults: list[Fault] = []
    undo: list[Undo] = []
    for step in steps:
        try:
            results.append(_result(step, _apply(batch, step, undo), body, many=many))
        except AdsError as error:
            faults += [one.under(*step.place) for one in error.faults]
            results.append({})
            if not partial:
                break
    if batch.validate_only or (faults and not partial):
        for step_back in reversed(undo):
            step_back()
    if faults and not partial:
        raise AdsError("INVALID_ARGUMENT", *faults)
    if batch.validate_only:
        return _with_failure({}, faults, wire)
    batch.google.book.save()
    return _with_failure({_results_name(many=many): results}, faults, wire)


def _results_name(*, many: bool) -> str:
    return "mutateOperationResponses" if many else "results"


def _with_failure(answer: dict[str, Any], faults: list[Fault], wire: Wire) -> dict[str, Any]:
    if not faults:
        return answer
    error = {
        "code": 3,
        "message": "Multiple errors in 'details'. First error: " + faults[0].message,
        "details": [failure(faults, wire.version, wire.request)],
    }
    return answer | {"partialFailureError": error}


def _result(step: Step, entity: Entity, body: Mapping[str, Any], *, many: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"resourceName": entity.name}
    if body.get("responseContentType") == "MUTABLE_RESOURCE":
        own = {camel(n): str(v) if type(v) is int else v for n, v in entity.data.items() if v is not None}
        shown[camel(step.kind)] = own | {"resourceName": entity.name}
    return {f"{camel(step.kind)}Result": shown} if many else shown


def _apply(batch: Batch, step: Step, undo: list[Undo]) -> Entity:
    verbs = [verb for verb in _VERBS if verb in step.operation]
    if len(verbs) != 1:
        raise request_fault("OPERATION_REQUIRED", "An operation has one of create, update and remove.")
    apply = {"create": _create, "update": _update, "remove": _remove}[verbs[0]]
    return apply(batch, step, undo)


def _create(batch: Batch, step: Step, undo: list[Undo]) -> Entity:
    google = batch.google
    given = schema.read(step.kind, step.operation["create"], temporary=batch.temporary, creating=True)
    wanted_name = given.pop("resource_name", None)
    entity = Entity(step.kind, batch.customer, google.book.new_id(), schema.defaults(step.kind) | given)
    if step.kind == "ad_group_ad":
        entity.id = f"{entity.data['ad_group'].rpartition('/')[2]}~{entity.id}"
    entity.hidden["made_at"] = google.now()
    schema.check(google, entity, before=None)
    google.book.put(entity)
    undo.append(lambda: google.book.drop(entity.name))
    if isinstance(wanted_name, str):
        batch.temporary[wanted_name] = entity.name
    if not batch.validate_only:
        if step.kind == "campaign":
            google.open_campaign(entity)
        _settle(batch, entity, "CREATE", Change(tuple(given), {}, dict(given)))
    return entity


def _update(batch: Batch, step: Step, undo: list[Undo]) -> Entity:
    google = batch.google
    body = step.operation["update"]
    if not isinstance(body, dict):
        raise request_fault("REQUIRED_FIELD_MISSING", "The resource to update is required.")
    entity = _target(batch, step, body.get("resourceName"), ("update", None))
    mask = schema.mask(step.kind, step.operation.get("updateMask"))
    given = schema.read(step.kind, body, temporary=batch.temporary, creating=False)
    given.pop("resource_name", None)
    new = {name: given.get(name) for name in mask}
    old = {name: entity.data.get(name) for name in mask}
    before = dict(entity.data)
    hidden = dict(entity.hidden)
    entity.data.update(new)
    undo.append(
        lambda: (entity.data.clear(), entity.data.update(before), entity.hidden.update(hidden)) and None
    )
    try:
        schema.check(google, entity, before=before)
    except AdsError:
        entity.data.clear()
        entity.data.update(before)
        raise
    if not batch.validate_only:
        changed = tuple(name for name in mask if old[name] != new[name])
        change = Change(changed, {n: old[n] for n in changed}, {n: new[n] for n in changed})
        if changed:
            _settle(batch, entity, "UPDATE", change)
    return entity


def _remove(batch: Batch, step: Step, undo: list[Undo]) -> Entity:
    google = batch.google
    entity = _target(batch, step, step.operation["remove"], ("remove", None))
    if step.kind == "campaign_budget" and google.book.campaigns_on(entity.name):
        raise fault(
            "campaignBudgetError", "CAMPAIGN_BUDGET_IN_USE", "The campaign budget is in use.", "remove"
        )
    old = entity.data["status"]
    entity.data["status"] = "REMOVED"
    undo.append(lambda: entity.data.update({"status": old}))
    if not batch.validate_only:
        _settle(batch, entity, "REMOVE", Change(("status",), {"status": old}, {"status": "REMOVED"}))
    return entity


def _target(batch: Batch, step: Step, name: Any, place: tuple[str, int | None]) -> Entity:
    if not isinstance(name, str) or not name:
        raise request_fault("RESOURCE_NAME_MISSING", "Resource name is missing.", path=[place])
    name = batch.temporary.get(name, name)
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


def _settle(batch: Batch, entity: Entity, operation: str, change: Change) -> None:
    """Tell the world and the history."""
    google = batch.google
    if entity.kind == "campaign_budget":
        google.note_budget_move(entity, change.old, change.new)
        google.push_budget(entity.name)
    elif entity.kind == "campaign":
        google.push_with_neighbours(entity, change.old.get("campaign_budget"))
    else:
        google.push_of(entity)
    zone = google.timezone(entity.customer)
    google.changes.record(entity, operation, google.now(), zone, actor=batch.actor, change=change)
