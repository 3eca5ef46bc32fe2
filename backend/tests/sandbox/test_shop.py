"""The shop's events, as the unmodified Segment client delivers them to whoever listens."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

import pytest

from tests.sandbox_process import HTTP, Sandbox, running_sandbox

OPTIONS = ("--start", "2026-03-02T15:00:00+00:00", "--history", "10")


@dataclass
class Listener:
    """A collector of Segment batches."""

    url: str
    keys: set[str] = field(default_factory=set)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    posted: int = 0

    def named(self, name: str) -> list[dict[str, Any]]:
        return [e for e in list(self.events.values()) if e.get("event") == name]

    def wait_for(self, count: int, name: str, seconds: float = 30) -> list[dict[str, Any]]:
        deadline = monotonic() + seconds
        while len(self.named(name)) < count and monotonic() < deadline:
            sleep(0.1)
        return self.named(name)


@contextmanager
def listening() -> Iterator[Listener]:
    found = Listener("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.keys.add(b64decode(self.headers["authorization"].split()[1]).decode())
            for event in body["batch"]:
                found.posted += 1
                found.events[event["messageId"]] = event
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop() -> Iterator[tuple[Sandbox, Listener]]:
    with listening() as listener, running_sandbox(*OPTIONS) as own:
        own.control("POST", "clock", json={"mode": "paused"})
        own.control("POST", "shop", json={"host": listener.url, "write_key": "wk_1", "enabled": True})
        yield own, listener
        own.control("POST", "shop", json={"enabled": False})


def delivered(sandbox: Sandbox, listener: Listener) -> None:
    """Waits until everything that was to be sent has come."""
    deadline = monotonic() + 60
    while monotonic() < deadline:
        state = sandbox.control("GET", "shop")
        if state["backfilling"] == 0 and listener.posted == state["emitted"]:
            return
        sleep(0.1)


def orders(sandbox: Sandbox, since: str) -> list[dict[str, Any]]:
    params = {"since": since, "limit": 5000}
    found: list[dict[str, Any]] = sandbox.control("GET", "truth/orders", params=params)["orders"]
    return found


def test_every_order_is_sent_once_with_its_own_time_and_value(shop: tuple[Sandbox, Listener]) -> None:
    sandbox, listener = shop
    before = sandbox.control("GET", "clock")["now"]
    sandbox.advance(12)
    truth = {o["order_id"]: o for o in orders(sandbox, before)}
    sent = listener.wait_for(len(truth), "Order Completed")
    assert {e["properties"]["order_id"] for e in sent} == set(truth)
    assert len(sent) == len(truth) > 200
    for event in sent:
        order = truth[event["properties"]["order_id"]]
        assert event["properties"]["total"] == order["value"]
        assert event["properties"]["currency"] == "USD"
        moment = datetime.fromisoformat(event["timestamp"]).timestamp()
        assert moment == pytest.approx(datetime.fromisoformat(order["at"]).timestamp(), abs=0.01)
    assert listener.keys == {"wk_1:"}


def test_identities_and_click_ids_travel_with_the_orders(shop: tuple[Sandbox, Listener]) -> None:
    sandbox, listener = shop
    sandbox.advance(6)
    sent = listener.wait_for(100, "Order Completed")
    people = sandbox.control("GET", "truth/people", params={"limit": 5000})["people"]
    known = {p["user_id"]: p for p in people}
    checked = 0
    for event in sent:
        person = known.get(event.get("userId") or "")
        if person is None:
            continue
        checked += 1
        assert event["properties"]["email"] == person["email"]
        assert event["anonymousId"] in person["anonymous_ids"]
        assert event["properties"]["fbp"] in person["fbp"]
    assert checked
    assert any(e["properties"].get("fbc", "").startswith("fb.1.") for e in sent)
    assert any(e.get("userId") is None for e in sent)
    kinds = {e["type"] for e in listener.events.values()}
    assert kinds >= {"identify", "track"}


def test_browsing_is_sent_in_the_share_that_was_asked_for(shop: tuple[Sandbox, Listener]) -> None:
    sandbox, listener = shop
    sandbox.control("POST", "shop", json={"rate": 0.1})
    sandbox.advance(6)
    listener.wait_for(20, "Product Viewed")
    names = {e.get("event") or e["type"] for e in listener.events.values()}
    assert names >= {"page", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"}


def test_a_backfill_sends_the_past_and_repeats_its_ids(shop: tuple[Sandbox, Listener]) -> None:
    sandbox, listener = shop
    count = sandbox.control("POST", "shop/backfill", json={"days": 4})["orders"]
    delivered(sandbox, listener)
    assert len(listener.named("Order Completed")) == count > 2000
    assert len(listener.named("Order Refunded")) > 20
    ids, posted = set(listener.events), listener.posted
    sandbox.control("POST", "shop/backfill", json={"days": 4})
    delivered(sandbox, listener)
    assert listener.posted == 2 * posted
    assert set(listener.events) == ids


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("pixel_drop", "fbp"), ("match_key_collapse", "email"), ("consent_banner_loss", "fbp")],
)
def test_a_fault_takes_identifiers_from_the_shops_events(
    shop: tuple[Sandbox, Listener], kind: str, missing: str
) -> None:
    sandbox, listener = shop
    sandbox.control("POST", "faults", json={"kind": kind, "severity": 0.7})
    sandbox.advance(8)
    sent = listener.wait_for(200, "Order Completed")
    share = sum(missing in e["properties"] for e in sent) / len(sent)
    assert 0.2 < share < 0.4


def test_doubled_events_have_ids_of_their_own(shop: tuple[Sandbox, Listener]) -> None:
    sandbox, listener = shop
    before = sandbox.control("GET", "clock")["now"]
    sandbox.control("POST", "faults", json={"kind": "duplicated_events"})
    sandbox.advance(6)
    truth = orders(sandbox, before)
    sent = listener.wait_for(2 * len(truth), "Order Completed")
    assert len(sent) == 2 * len(truth)
    assert len({e["properties"]["event_id"] for e in sent}) == 2 * len(truth)


def test_a_shop_without_an_address_cannot_be_switched_on(sandbox: Sandbox) -> None:
    answer = HTTP.post(f"{sandbox.url}/control/shop", json={"enabled": True})
    assert answer.status_code == 422
    assert HTTP.post(f"{sandbox.url}/control/shop/backfill", json={"days": 1}).status_code == 422
