"""The SDKs that people already run, unmodified but for the host, against the application on a real port."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.db.session import Scopes
from app.services.cdp.events.service import SEALED, open_identifiers
from launcher import install
from tests.browser.chromium import found
from tests.factories.access import Company
from tests.factories.cdp import Source, make_source
from tests.live_server import LiveServer
from tests.sdks.middlebox import RETRY_AFTER, Fault, between

SDKS = Path(__file__).parents[2] / "sdks"
AGO = timedelta(hours=2)
EMAIL = "Ada@Shop.example"


@dataclass(frozen=True)
class Sdk:
    """A client, and what it is known to do on the wire (docs/ingestion.md)."""

    name: str
    command: tuple[str, ...]
    module: str = ""
    gzip: bool = False
    s2s: bool = False
    retries: bool = True
    obeys_retry_after: bool = True
    paths: frozenset[str] = frozenset({"/v1/batch"})
    content_type: str = "application/json"
    without: frozenset[str] = frozenset()
    has_own_times: bool = True
    has_one_user: bool = False

    @property
    def is_jitsu(self) -> bool:
        return not self.retries

    def __str__(self) -> str:
        return self.name


_NODE = "node"
_PYTHON = (sys.executable, str(SDKS / "python_client.py"))
_JITSU_CALLS = ("track", "identify", "page", "group")
CLIENTS = [
    Sdk("segment-analytics-python", _PYTHON, "segment.analytics"),
    Sdk("segment-analytics-python gzip", _PYTHON, "segment.analytics", gzip=True),
    Sdk("analytics-python", _PYTHON, "analytics", obeys_retry_after=False),
    Sdk("analytics-python gzip", _PYTHON, "analytics", gzip=True, obeys_retry_after=False),
    Sdk("rudder-sdk-python", _PYTHON, "rudderstack.analytics", gzip=True, obeys_retry_after=False),
    Sdk("@segment/analytics-node", (_NODE, str(SDKS / "segment_node.mjs"))),
    Sdk(
        "@rudderstack/rudder-sdk-node",
        (_NODE, str(SDKS / "rudder_node.mjs")),
        gzip=True,
        content_type="application/x-www-form-urlencoded",
    ),
    Sdk(
        "@jitsu/js",
        (_NODE, str(SDKS / "jitsu_node.mjs")),
        paths=frozenset(f"/api/s/{call}" for call in _JITSU_CALLS),
        retries=False,
        has_own_times=False,
        without=frozenset({"alias", "screen"}),
    ),
    Sdk(
        "@jitsu/js on a server",
        (_NODE, str(SDKS / "jitsu_node.mjs")),
        s2s=True,
        paths=frozenset(f"/api/s/s2s/{call}" for call in _JITSU_CALLS),
        retries=False,
        has_own_times=False,
        without=frozenset({"alias", "screen"}),
    ),
]
_PAGE = Sdk(
    "@segment/analytics-next",
    (sys.executable, str(SDKS / "browser_client.py")),
    paths=frozenset(f"/v1/{call}" for call in "tipsga"),
    content_type="text/plain",
    has_one_user=True,
)
_IN_A_PAGE = pytest.param(
    _PAGE,
    id=str(_PAGE),
    marks=pytest.mark.skipif(found() is None, reason="there is no Chromium on this machine"),
)


def story(sdk: Sdk) -> list[dict[str, Any]]:
    """Every kind of call, and enough tracks for more than one batch of the smallest."""
    calls: list[dict[str, Any]] = [
        {
            "call": "identify",
            "userId": "u-7",
            "anonymousId": "a-7",
            "traits": {"n": 0, "plan": "pro", "seats": 3, "email": EMAIL},
        },
        {"call": "page", "userId": "u-7", "name": "Cart", "properties": {"n": 1, "currency": "EUR"}},
        {"call": "screen", "userId": "u-7", "name": "Home", "properties": {"n": 2, "dark": True}},
        {
            "call": "group",
            "userId": "u-7",
            "groupId": "g-1",
            "traits": {"n": 3, "industry": "Tea & Ünïcode ✓"},
        },
        {"call": "alias", "userId": "u-7", "previousId": "a-6"},
        {
            "call": "track",
            "userId": "u-7",
            "anonymousId": "a-7",
            "event": "Order Completed",
            "properties": {
                "n": 4,
                "order_id": "o-1",
                "revenue": 19.99,
                "currency": "EUR",
                "items": [{"q": 1}],
            },
            "context": {"ip": "203.0.113.7", "locale": "de-DE"},
        },
        {"call": "track", "anonymousId": "a-9", "event": "Viewed", "properties": {"n": 5, "none": None}},
    ]
    calls += [
        {
            "call": "track",
            "userId": "u-7" if sdk.has_one_user else f"u-{n % 7}",
            "event": "Clicked",
            "properties": {"n": n},
        }
        for n in range(6, 30)
    ]
    if sdk.command[0] != _NODE:
        calls[1]["category"] = "Shop"
    said = (datetime.now(UTC) - AGO).isoformat(timespec="milliseconds")
    return [{**call, "timestamp": said} for call in calls if call["call"] not in sdk.without]


def send(sdk: Sdk, url: str, key: str, calls: Sequence[dict[str, Any]]) -> list[str]:
    """Let the client send the calls and flush; what it says has failed."""
    if sdk.is_jitsu:
        *named, secret = key.split("_", 3)
        key = f"{'_'.join(named)}:{secret}"
    plan = {"module": sdk.module, "url": url, "key": key, "gzip": sdk.gzip, "s2s": sdk.s2s, "calls": calls}
    done = subprocess.run(
        sdk.command,
        input=json.dumps(plan),
        env={**os.environ, "PYTHONPATH": _path(sdk), "PATH": _programs()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    failed: list[str] = json.loads(done.stdout)["failed"]
    return failed


@functools.cache
def _programs() -> str:
    """With the Node.js that the installation found or made."""
    return f"{install.node_folder()}{os.pathsep}{os.environ['PATH']}"


def _path(sdk: Sdk) -> str:
    """What the client finds its modules by: analytics-python has a folder to itself."""
    folders = {"analytics": install.beside("analytics-python")}
    return str(folders.get(sdk.module, install.BACKEND))


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """At once where `make` has done it already; one worker at a time."""
    subprocess.run([sys.executable, install.__file__, "sdks"], check=True)


@pytest.fixture
async def source(acme: Company) -> Source:
    return await make_source(acme)


async def stored(scopes: Scopes) -> dict[str, Any]:
    """Every row by its message id."""
    async with scopes() as scope:
        rows = (await scope.session.execute(text("select * from cdp_events"))).all()
    assert len({row.message_id for row in rows}) == len(rows)
    return {row.message_id: row for row in rows}


def of_the_wire(event: dict[str, Any]) -> dict[str, Any]:
    """What is owed to an event as it was sent: its members, by the names of the columns."""
    traits = event.get("traits") or event.get("context", {}).get("traits", {})
    held = traits if event["type"] in ("identify", "group") else event.get("properties") or {}
    held = {**({"category": event["category"]} if event.get("category") else {}), **held}
    if "email" in held:
        held["email"] = SEALED
    name = event.get("event") or event.get("name") or held.get("name") or event["type"]
    return {
        "event_type": event["type"],
        "event_name": name,
        "anonymous_id": event.get("anonymousId"),
        "user_id": event.get("userId"),
        "group_id": event.get("groupId"),
        "previous_id": event.get("previousId"),
        "properties": held,
        "library": event["context"]["library"],
    }


def of_the_row(row: Any, tenant_id: int) -> dict[str, Any]:
    opened = open_identifiers(row.identifiers, tenant_id)
    return {
        "event_type": row.event_type,
        "event_name": row.event_name,
        "anonymous_id": row.anonymous_id,
        "user_id": opened.get("user_id"),
        "group_id": opened.get("group_id"),
        "previous_id": opened.get("previous_id"),
        "properties": row.properties,
        "library": row.context["library"],
    }


def of_the_call(call: dict[str, Any]) -> dict[str, Any]:
    """What the caller asked for, by the names of the columns; without what they left to the client."""
    asked = {
        "event_type": call["call"],
        "event_name": call.get("event") or call.get("name"),
        "anonymous_id": call.get("anonymousId"),
        "user_id": call.get("userId"),
        "group_id": call.get("groupId"),
        "previous_id": call.get("previousId"),
    }
    return {name: value for name, value in asked.items() if value is not None}


def mark(properties: dict[str, Any]) -> int:
    """Which call it was; only the alias holds nothing."""
    return int(properties.get("n", -1))


def check_rows(sdk: Sdk, rows: dict[str, Any], calls: Sequence[dict[str, Any]], tenant_id: int) -> None:
    """Each call is one row, and each row says what its call said."""
    by_mark = {mark(row.properties): row for row in rows.values()}
    assert len(by_mark) == len(rows) == len(calls)
    now = datetime.now(UTC)
    for call in calls:
        held = call.get("traits") or call.get("properties") or {}
        row = by_mark[mark(held)]
        found = of_the_row(row, tenant_id)
        assert found | of_the_call(call) == found
        if "email" in held:
            assert open_identifiers(row.identifiers, tenant_id)["email"] == EMAIL.lower()
            held = {**held, "email": SEALED}
        if "category" in call:
            held = {**held, "category": call["category"]}
        assert (
            row.properties | {name: value for name, value in held.items() if value is not None}
            == row.properties
        )
        happened = now - AGO if sdk.has_own_times else now
        assert abs(row.event_time - happened) < timedelta(seconds=20)
    order = by_mark[4]
    assert (order.order_id, order.value_micros, order.currency, order.is_order) == (
        "o-1",
        19_990_000,
        "EUR",
        True,
    )
    assert order.context["locale"] == "de-DE"


@pytest.fixture(params=[*CLIENTS, _IN_A_PAGE], ids=str)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    chosen: Sdk = request.param
    return chosen


async def test_every_call_is_a_row_that_says_what_was_sent(
    sdk: Sdk, live_server: LiveServer, source: Source, scopes: Scopes
) -> None:
    calls = story(sdk)
    with between(live_server.url) as box:
        assert send(sdk, box.url, source.key, calls) == []
        rows = await stored(scopes)
        check_rows(sdk, rows, calls, source.tenant_id)
        sent = {event["messageId"]: event for event in box.acknowledged()}
        assert sent.keys() == rows.keys()
        for message_id, event in sent.items():
            row = rows[message_id]
            assert of_the_row(row, source.tenant_id) == of_the_wire(event)
            said, sent_at = (
                _time(event.get("originalTimestamp") or event["timestamp"]),
                _time(event["sentAt"]),
            )
            assert row.event_time == row.received_at - (sent_at - said)
        for exchange in box.posts:
            assert exchange.path in sdk.paths
            assert exchange.headers["content-type"] == sdk.content_type
            assert (exchange.headers.get("content-encoding") == "gzip") == sdk.gzip
        assert set(box.replay()) == {200}
        assert await stored(scopes) == rows


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value)


@pytest.mark.parametrize("sdk", [*(each for each in CLIENTS if each.retries), _IN_A_PAGE], ids=str)
async def test_a_bad_network_loses_nothing_and_doubles_nothing(
    sdk: Sdk, live_server: LiveServer, source: Source, scopes: Scopes
) -> None:
    calls = story(sdk)
    with between(live_server.url, "429", "503", "answer lost") as box:
        assert send(sdk, box.url, source.key, calls) == []
        check_rows(sdk, await stored(scopes), calls, source.tenant_id)
        assert not box.faults
        if sdk.obeys_retry_after:
            (limited,) = (exchange for exchange in box.posts if exchange.status == 429)
            sent = {event["messageId"] for event in limited.events}
            again = [exchange for exchange in box.posts if exchange.came > limited.came]
            assert all(
                exchange.came - limited.came >= RETRY_AFTER
                for exchange in again
                if sent & {event["messageId"] for event in exchange.events}
            )


@pytest.mark.parametrize("fault", ["429", "503", "answer lost"])
async def test_jitsu_tells_its_caller_of_what_it_does_not_send_again(
    fault: Fault, live_server: LiveServer, source: Source, scopes: Scopes
) -> None:
    sdk = CLIENTS[-1]
    calls = story(sdk)
    with between(live_server.url, fault) as box:
        failed = send(sdk, box.url, source.key, calls)
        assert len(failed) == 1
        assert box.posts[0].path in failed[0]
        acknowledged = {event["messageId"] for event in box.acknowledged()}
        assert len(acknowledged) == len(calls) - 1
        lost = {event["messageId"] for event in box.posts[0].events}
        assert (await stored(scopes)).keys() == acknowledged | (lost if fault == "answer lost" else set())


@pytest.mark.parametrize("sdk", [each for each in CLIENTS if each.command is _PYTHON], ids=str)
def test_a_refused_key_is_reported_at_once_and_not_tried_again(sdk: Sdk, live_server: LiveServer) -> None:
    with between(live_server.url) as box:
        (failure,) = send(sdk, box.url, "wk_1_2_3", story(sdk)[:3])
        assert [exchange.status for exchange in box.posts] == [401]
        assert "cdp.sources.unknown_write_key" in failure
