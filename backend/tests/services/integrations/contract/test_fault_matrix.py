"""Each platform under each fault, from our table to the platform's own: nothing lost, nothing doubled, nothing untrue.

A cell is walked three ways: an account is synchronised, a budget is changed by an approved action, a purchase is told.
The fault meets each on the wire; then it ends, and what we hold has to be what the platform holds.
`python -m benchmarks.fault_matrix` runs it and prints the table.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.core.clock import real_now
from app.core.security import seal
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.conversions import ConversionDelivery
from app.models.integrations.kinds import Platform
from app.services.autopilot.actions.execution import ActionExecution
from app.services.autopilot.actions.rules import ActionState
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.conversions.verdicts import ConversionVerdicts
from app.services.integrations.ports import PlatformError
from app.services.integrations.service import TOKEN_PURPOSE
from tests.factories.access import Company
from tests.factories.autopilot import approved_action, find_target
from tests.services.integrations.contract.conftest import CONVERSION, Bench
from tests.services.integrations.contract.subjects import CENT
from tests.services.integrations.conversions.test_sending import order, told
from tests.swallowing import between
from tests.workers.processes import Process, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(420)]

KILL = "kill -9 between write and record"
DUPLICATE = "duplicate delivery"
PARTIAL = "partial failure"
FAULTS: dict[str, dict[str, Any]] = {
    "timeout": {"kind": "timeout", "seconds": 0.2},
    "reset": {"kind": "connection_reset"},
    "429": {"kind": "rate_limit", "status": 429, "seconds": 60},
    "5xx": {"kind": "server_error", "status": 503},
    "malformed body": {"kind": "malformed_json"},
    "token expired": {"kind": "token_expired"},
    "token revoked": {"kind": "token_revoked"},
    PARTIAL: {"kind": "partial_failure"},
    DUPLICATE: {"kind": "duplicate_request"},
    KILL: {},
}
WHOLE = "a request is taken whole or refused whole: it has no parts that could fail"
ONE = "a write of one object has no parts that could fail"
NOT_APPLICABLE = {
    (PARTIAL, Platform.META, "write"): ONE,
    (PARTIAL, Platform.META, "events"): WHOLE,
    (PARTIAL, Platform.TIKTOK, "events"): WHOLE,
}
SHORTFALLS: dict[tuple[str, Platform, str], str] = {}
"""Cells that do not hold, and why. One that comes to hold fails here until it is struck off."""
_RECENT = timedelta(minutes=30)


@dataclass
class Cell:
    bench: Bench
    fault: str
    company: Company
    became: dict[str, str] = field(default_factory=dict)

    def breaks(self, way: str) -> None:
        """The fault stands on the way from now on: once for what is sent once, lasting for what is tried again."""
        method, path = {
            "sync": (None, self.bench.subject.lists[-1]),
            "write": self.bench.subject.write,
            "events": ("POST", self.bench.subject.events),
        }[way]
        facts = dict(FAULTS[self.fault])
        if way == "sync" and self.fault == PARTIAL:
            self.bench.order("partial_sync", severity=0.5)
            return
        if way != "sync":
            facts["count"] = 1
        self.bench.order(facts.pop("kind"), path, **({"method": method} if method else {}), **facts)

    async def mended(self) -> None:
        """The fault is over, its pauses too; who had to sign in has done so."""
        self.bench.sandbox.repair()
        circuit = await self.bench.circuit()
        await self.bench.gateway.redis.delete(
            *(f"{circuit}:{part}" for part in ("wait", "open", "failures", "probe"))
        )
        async with self.bench.scopes() as scope:
            await scope.session.execute(update(ConversionDelivery).values(next_attempt_at=None))
            token = seal(
                self.bench.subject.token(self.bench.sandbox), purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id
            )
        await self.bench.put_connection(
            status="active", token_sealed=token, expires_at=None, refresh_claimed_until=None
        )

    async def killed(self, way: str, target: UUID) -> None:
        """A process does it, and dies when the platform has answered and nobody has written that down."""
        paths = {"sync": self.bench.subject.lists[-1], "write": self.bench.subject.write[1]}
        path = paths.get(way, self.bench.subject.events).encode()
        methods = {"write": self.bench.subject.write[0], "events": "POST"}
        begins = methods.get(way, "").encode()
        met = asyncio.Event()

        def on_answer(request: bytes) -> bool:
            if request.startswith(begins) and path in request.split(b"\r\n", 1)[0]:
                met.set()
            return met.is_set()

        async with between(self.bench.sandbox.url, on_answer) as wire:
            words = (way, str(self.company.id), str(target), self.bench.sandbox.url, wire)
            process = Process("tests.services.integrations.contract.doomed", *words)
            try:

                async def has_met() -> bool:
                    return met.is_set()

                await eventually(has_met, watched=(process,))
                process.kill()
            finally:
                process.close()


async def attempted(call: Awaitable[object]) -> str:
    """What came of it, in a word."""
    try:
        found = await call
    except PlatformError as error:
        return error.kind.value
    return str(getattr(found, "value", "done"))


async def synchronised(cell: Cell) -> str:
    bench = cell.bench
    account = bench.place.account
    sync = AccountSyncService(bench.scopes).sync
    said = "killed"
    if cell.fault == KILL:
        await cell.killed("sync", account)
    else:
        cell.breaks("sync")
        # A task that is delivered twice runs twice, at once where nothing keeps it.
        runs = [attempted(sync(account)) for _ in range(2 if cell.fault == DUPLICATE else 1)]
        said = (await asyncio.gather(*runs))[0]
    async with bench.scopes() as scope:
        row = await scope.session.get_one(AdAccount, (scope.tenant_id, account))
    assert (row.last_synced_at is None) == (said != "done"), "it says itself whether it is here"
    if said not in {"done", "killed"}:
        assert row.sync_error_code, "what failed is shown"
    if cell.fault == PARTIAL:
        said = await partly(bench)
    await cell.mended()
    run = await sync(account)
    assert run is not None
    assert (run.error_code, run.rows_received) == (None, run.rows_expected)
    await equal(bench)
    return said


async def partly(bench: Bench) -> str:
    """It says that ad sets are missing; the days that are not read at each time are read again the day after."""
    async with bench.scopes() as scope:
        account = await scope.session.get_one(AdAccount, (scope.tenant_id, bench.place.account))
        (run,) = await AdAccountService(scope).last_syncs(account.id, limit=1)
        account.last_synced_at = scope.now() - timedelta(days=1)
    assert (run.rows_received or 0) < (run.rows_expected or 0)
    return "partly, whole a day later"


async def equal(bench: Bench) -> None:
    """Campaigns and settled days here are the platform's, each once."""
    platform = await bench.platform()
    theirs = {one.external_id: one for one in await platform.list_campaigns()}
    until = real_now().date() - timedelta(days=4)
    since = until - timedelta(days=20)
    reading = await platform.fetch_metrics(since, until, CONVERSION)
    async with bench.scopes() as scope:
        ours = list(await scope.session.scalars(select(Campaign)))
        statement = select(CampaignMetricsDay).where(CampaignMetricsDay.day.between(since, until))
        days = list(await scope.session.scalars(statement))
    assert sorted(one.external_id for one in ours) == sorted(theirs)
    for one in ours:
        its = theirs[one.external_id]
        assert (one.name, one.status, one.daily_budget_micros, one.lifetime_budget_micros) == (
            its.name,
            its.status,
            its.daily_budget_micros,
            its.lifetime_budget_micros,
        )
    names = {one.id: one.external_id for one in ours}
    assert sorted(
        (names[one.campaign_id], one.day, one.spend_micros, one.impressions) for one in days
    ) == sorted(
        (one.campaign, one.day, one.spend_micros, one.impressions)
        for one in reading.days
        if one.campaign in theirs
    )


async def budget_edits(bench: Bench) -> set[str]:
    now = real_now()
    edits = await (await bench.platform()).recent_edits(now - _RECENT, now + timedelta(minutes=1))
    return {
        one.fingerprint
        for one in edits
        if one.entity == bench.subject.campaign and "budget" in one.event_type
    }


async def changed(cell: Cell) -> str:
    bench = cell.bench
    target = await find_target(
        bench.scopes,
        bench.place.account,
        platform=bench.name.value,
        account=bench.subject.account,
        entity=bench.subject.campaign,
    )
    wanted = target.budget_micros + 456 * CENT
    action = await approved_action(bench.scopes, target, wanted)
    before = await budget_edits(bench)
    said = "killed"
    if cell.fault == KILL:
        await cell.killed("write", action)
    else:
        cell.breaks("write")
        execution = ActionExecution(bench.scopes)
        runs = [attempted(execution.run(action)) for _ in range(2 if cell.fault == DUPLICATE else 1)]
        said = (await asyncio.gather(*runs))[0]
    await cell.mended()
    state = await ActionExecution(bench.scopes).run(action)
    held = bench.subject.held(bench.sandbox)
    assert held in {wanted, target.budget_micros}
    assert (state is ActionState.VERIFIED) == (held == wanted), "what is shown is what the platform holds"
    applied = len(await budget_edits(bench) - before)
    # The same budget set twice is one budget; some platforms write down that it was set twice.
    most = 2 if cell.fault == DUPLICATE else 1
    assert applied <= most
    assert bool(applied) == (held == wanted)
    if cell.fault == KILL:
        assert state is ActionState.VERIFIED, "found applied, and not sent again"
    await ActionExecution(bench.scopes).run(action)
    assert len(await budget_edits(bench) - before) == applied
    return f"{said}, then {state.value}" if said != state.value else said


async def purchased(cell: Cell) -> str:
    bench = cell.bench
    events = [order() for _ in range(2)]
    for event in events:
        event["properties"]["event_id"] = event["properties"]["order_id"]
    keys = [event["properties"]["order_id"] for event in events]
    await told(cell.company, *events)
    account = bench.place.account
    if cell.fault == KILL:
        await cell.killed("events", account)
    else:
        cell.breaks("events")
        sender = ConversionSender(bench.scopes)
        await asyncio.gather(*[sender.send_due(account) for _ in range(2 if cell.fault == DUPLICATE else 1)])
    bench.sandbox.repair()
    await verdicts_are_read(bench)
    first = await deliveries(bench)
    for key, status in first.items():
        counts = bench.subject.arrived(bench.sandbox, key).count(True)
        assert counts <= 1
        if status == "acknowledged":
            assert counts == 1, "what is called acknowledged counts at the platform"
    await cell.mended()
    if "dead" in first.values():
        # Told to a person, who has it sent again.
        async with bench.scopes() as scope:
            reason = await scope.session.scalar(
                select(ConversionDelivery.reason).where(ConversionDelivery.status == "dead")
            )
            await ConversionService(scope).replay_failed(account, reason)
    await ConversionSender(bench.scopes).send_due(account)
    await verdicts_are_read(bench)
    assert await deliveries(bench) == dict.fromkeys(keys, "acknowledged")
    for key in keys:
        assert bench.subject.arrived(bench.sandbox, key).count(True) == 1, "neither lost nor doubled"
    said = "/".join(sorted(set(first.values())))
    return said if said == "acknowledged" else f"{said}, then acknowledged"


async def verdicts_are_read(bench: Bench) -> None:
    """What a platform makes of events after it has acknowledged them is known here, where it ever is."""
    async with bench.scopes() as scope:
        waiting = update(ConversionDelivery).where(ConversionDelivery.verdict_due_at.is_not(None))
        await scope.session.execute(waiting.values(verdict_due_at=real_now()))
    await ConversionVerdicts(bench.scopes).read_due(bench.place.account)


async def deliveries(bench: Bench) -> dict[str, str]:
    statement = select(ConversionDelivery).where(ConversionDelivery.ad_account_id == bench.place.account)
    async with bench.scopes() as scope:
        return {one.dedupe_key: str(one.status) for one in await scope.session.scalars(statement)}


WAYS: dict[str, Callable[[Cell], Awaitable[str]]] = {
    "sync": synchronised,
    "write": changed,
    "events": purchased,
}


@pytest.fixture
async def cell(bench: Bench, acme: Company) -> AsyncIterator[Callable[[str], Cell]]:
    quick = {"change_delay": 0.0, "processing": 0.0}
    before = {name: bench.sandbox.vendor("google")[name] for name in quick}
    bench.sandbox.control("POST", "google/quota", json=quick)
    yield lambda fault: Cell(bench, fault, acme)
    with contextlib.suppress(Exception):
        bench.sandbox.control("POST", "google/quota", json=before)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_cell(
    cell: Callable[[str], Cell], fault: str, way: str, record_property: Callable[[str, object], None]
) -> None:
    found = cell(fault)
    if reason := NOT_APPLICABLE.get((fault, found.bench.name, way)):
        record_property("became", f"- {reason}")
        return
    if shortfall := SHORTFALLS.get((fault, found.bench.name, way)):
        with pytest.raises(AssertionError, match="what is called acknowledged counts"):
            await WAYS[way](found)
        record_property("became", f"! {shortfall}")
        return
    record_property("became", await WAYS[way](found))
