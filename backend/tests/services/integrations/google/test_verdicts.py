"""What Google makes of conversions after it has acknowledged them is asked for, and told as it is."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core.clock import real_now
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import ConnectionStatus
from app.services.integrations.conversions import verdicts
from app.services.integrations.conversions.rules import Outcome, outcome, pause_before_verdict
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.conversions.verdicts import ConversionVerdicts
from app.services.integrations.google.conversions import verdict
from app.services.integrations.ports import Verdict
from tests.factories.access import Company
from tests.factories.google import US_PURCHASE, Connected
from tests.sandbox_process import Sandbox
from tests.services.integrations.conversions.test_sending import order, told

INVALID, DENIED = "google.invalid_event", "PROCESSING_ERROR_REASON_DENIED_CONSENT"
AGAIN = "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"


def status(state: str, *counts: tuple[str, int], records: int = 3) -> dict[str, Any]:
    errors = [{"reason": reason, "recordCount": str(count)} for reason, count in counts]
    shown: dict[str, Any] = {"requestStatus": state, "eventsIngestionStatus": {"recordCount": str(records)}}
    return shown | ({"errorInfo": {"errorCounts": errors}} if errors else {})


@pytest.mark.parametrize(
    ("destinations", "refused"),
    [
        ([status("SUCCESS")], {}),
        ([status("PARTIAL_SUCCESS", (DENIED, 2))], {"google.denied_consent": 2}),
        ([status("FAILED", (AGAIN, 3))], {}),
        ([status("PARTIAL_SUCCESS", (AGAIN, 1), (DENIED, 1))], {"google.denied_consent": 1}),
        (
            [status("FAILED", (DENIED, 3)), status("PARTIAL_SUCCESS", (DENIED, 1))],
            {"google.denied_consent": 4},
        ),
        ([status("FAILED")], {"google.failed": 3}),
    ],
)
def test_what_a_status_says(destinations: list[dict[str, Any]], refused: dict[str, int]) -> None:
    assert verdict("r", {"requestStatusPerDestination": destinations}) == Verdict("r", refused)


@pytest.mark.parametrize("state", ["PROCESSING", "REQUEST_STATUS_UNKNOWN"])
def test_a_request_that_is_worked_at_has_no_verdict(state: str) -> None:
    assert verdict("r", {"requestStatusPerDestination": [status("SUCCESS"), status(state)]}) is None


@pytest.mark.parametrize(
    ("events", "refused", "expected"),
    [
        (5, {}, Outcome.COUNTED),
        (1, {"a": 1}, Outcome.REFUSED),
        (5, {"a": 5}, Outcome.REFUSED),
        (5, {"a": 4}, Outcome.UNCLEAR),
        (5, {"a": 4, "b": 1}, Outcome.UNCLEAR),
    ],
)
def test_whether_it_is_known_which_events_came_to_nothing(
    events: int, refused: dict[str, int], expected: Outcome
) -> None:
    assert outcome(events, refused) is expected


def test_a_verdict_is_waited_for_ever_longer_and_not_for_ever() -> None:
    pauses = [pause_before_verdict(timedelta(minutes=each)) for each in (0, 60, 600)]
    assert pauses == [timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1)]
    assert pause_before_verdict(timedelta(days=8)) is None


async def sent(scopes: Scopes, connected: Connected) -> None:
    await ConversionSender(scopes).send_due(connected.dollars)


async def read(scopes: Scopes, connected: Connected) -> dict[str, ConversionDelivery]:
    """The deliveries by their orders, after every verdict that there is has been read."""
    async with scopes() as scope:
        waiting = update(ConversionDelivery).where(ConversionDelivery.verdict_due_at.is_not(None))
        await scope.session.execute(waiting.values(verdict_due_at=real_now()))
    await ConversionVerdicts(scopes).read_due(connected.dollars)
    statement = select(ConversionDelivery).where(ConversionDelivery.ad_account_id == connected.dollars)
    async with scopes() as scope:
        return {one.dedupe_key: one for one in await scope.session.scalars(statement)}


def counted(sandbox: Sandbox, event: dict[str, Any]) -> int:
    """How often Google counts this purchase."""
    asked = {"conversion_action": US_PURCHASE, "limit": 5_000}
    rows = sandbox.control("GET", "google/events", params=asked)["events"]
    name = event["properties"]["order_id"]
    return sum(1 for row in rows if row["transaction_id"] == name and not row["verdict"])


def refuse(sandbox: Sandbox, share: float) -> None:
    fault = {
        "kind": "partial_failure",
        "vendor": "google",
        "path": "/v1/events",
        "count": 1,
        "severity": share,
    }
    sandbox.control("POST", "faults", json=fault)


async def test_an_event_that_is_refused_afterwards_is_given_up_with_googles_reason_and_may_be_sent_again(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"processing": 0})
    event = order()
    await told(acme, event)
    refuse(project, 1.0)
    await sent(scopes, connected)
    (delivery,) = (await read(scopes, connected)).values()
    assert (delivery.status, delivery.reason) == ("dead", INVALID)
    assert (delivery.acknowledged_at, delivery.verdict_due_at) == (None, None)
    assert counted(project, event) == 0
    async with scopes() as scope:
        assert await ConversionService(scope).replay_failed(connected.dollars, INVALID) == 1
    await sent(scopes, connected)
    (delivery,) = (await read(scopes, connected)).values()
    assert (delivery.status, delivery.reason, delivery.verdict_due_at) == ("acknowledged", None, None)
    assert counted(project, event) == 1


async def test_where_google_tells_a_count_alone_they_are_sent_apart_and_none_counts_twice(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"processing": 0})
    events = [order() for _ in range(4)]
    await told(acme, *events)
    refuse(project, 0.25)
    await sent(scopes, connected)
    assert sorted(counted(project, one) for one in events) == [0, 1, 1, 1]
    found = await read(scopes, connected)
    assert len({one.receipts[0] for one in found.values()}) == 4, "each has a request of its own"
    assert all(one.verdict_due_at for one in found.values()), "their verdicts are waited for in turn"
    for one in (await read(scopes, connected)).values():
        assert (one.status, one.verdict_due_at) == ("acknowledged", None)
    assert [counted(project, one) for one in events] == [1, 1, 1, 1]


async def test_while_google_works_at_it_nothing_is_decided(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    await told(acme, order())
    await sent(scopes, connected)
    (delivery,) = (await read(scopes, connected)).values()
    assert delivery.status == "acknowledged"
    assert delivery.verdict_due_at is not None
    assert delivery.verdict_due_at > real_now() + timedelta(minutes=4)
    tasks = select(func.count()).where(OutboxMessage.name == "integrations.read_verdicts")
    async with scopes() as scope:
        await verdicts.enqueue_due(scope)
        assert await scope.session.scalar(tasks) == 0, "not before it is due again"
        waiting = update(ConversionDelivery).where(ConversionDelivery.id == delivery.id)
        await scope.session.execute(waiting.values(verdict_due_at=real_now()))
        await verdicts.enqueue_due(scope)
        assert await scope.session.scalar(tasks) == 1


async def test_a_request_that_google_no_longer_knows_is_asked_about_no_more(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    await told(acme, order())
    await sent(scopes, connected)
    async with scopes() as scope:
        await scope.session.execute(update(ConversionDelivery).values(receipts=["of long ago"]))
    (delivery,) = (await read(scopes, connected)).values()
    assert (delivery.status, delivery.verdict_due_at) == ("acknowledged", None)


async def test_a_platform_that_does_not_answer_is_asked_again(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    project.control("POST", "google/quota", json={"processing": 0})
    await told(acme, order())
    await sent(scopes, connected)
    fault = {"kind": "server_error", "vendor": "google", "path": "/v1/requestStatus", "status": 503}
    project.control("POST", "faults", json=fault)
    (delivery,) = (await read(scopes, connected)).values()
    project.repair()
    assert delivery.verdict_due_at is not None
    (delivery,) = (await read(scopes, connected)).values()
    assert (delivery.status, delivery.verdict_due_at) == ("acknowledged", None)


async def test_an_account_that_is_out_of_reach_for_a_week_is_asked_no_more(
    acme: Company, scopes: Scopes, connected: Connected, project: Sandbox
) -> None:
    await told(acme, order())
    await sent(scopes, connected)
    async with scopes() as scope:
        await scope.session.execute(update(Connection).values(status=ConnectionStatus.DISCONNECTED))
    (delivery,) = (await read(scopes, connected)).values()
    assert delivery.verdict_due_at is not None
    async with scopes() as scope:
        long_ago = scope.now() - timedelta(days=8)
        await scope.session.execute(update(ConversionDelivery).values(acknowledged_at=long_ago))
    (delivery,) = (await read(scopes, connected)).values()
    assert (delivery.status, delivery.verdict_due_at) == ("acknowledged", None)
