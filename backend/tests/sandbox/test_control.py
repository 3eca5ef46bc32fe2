"""Clock, mailbox, truth, restart and the pages for people."""

import smtplib
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from time import sleep

import pytest

from tests.sandbox.conftest import daily
from tests.sandbox_process import HTTP, Sandbox, running_sandbox

BROAD, RETARGETING, VIDEO = "120210000010100001", "120210000010100003", "120210000010100005"


def moment(sandbox: Sandbox) -> datetime:
    return datetime.fromisoformat(sandbox.control("GET", "clock")["now"])


def test_time_can_be_stepped_scaled_stopped_and_set(sandbox: Sandbox) -> None:
    sandbox.control("POST", "clock", json={"mode": "paused"})
    start = moment(sandbox)
    assert moment(sandbox) == start
    sandbox.control("POST", "clock", json={"advance_hours": 2, "advance_seconds": 30})
    assert moment(sandbox) - start == timedelta(hours=2, seconds=30)
    assert sandbox.control("POST", "clock", json={"hours_per_second": 24})["mode"] == "scaled"
    sleep(0.5)
    reading = sandbox.control("POST", "clock", json={"mode": "paused"})
    assert timedelta(hours=10) < moment(sandbox) - start < timedelta(hours=80)
    assert reading["mode"] == "paused"
    later = moment(sandbox) + timedelta(days=1)
    sandbox.control("POST", "clock", json={"now": later.isoformat()})
    assert moment(sandbox) == later
    assert sandbox.control("POST", "clock", json={"mode": "real"})["rate"] == 1.0


def test_time_does_not_go_back(sandbox: Sandbox) -> None:
    past = (moment(sandbox) - timedelta(hours=1)).isoformat()
    assert HTTP.post(f"{sandbox.url}/control/clock", json={"now": past}).status_code == 422
    assert HTTP.post(f"{sandbox.url}/control/clock", json={"advance_hours": -1}).status_code == 422


def test_a_mail_can_be_read_by_a_test_and_by_a_person(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@example.com", "ava@example.com", "Grüße <b>"
    message.set_content("Your code is 123456 <script>alert(1)</script>")
    message.add_alternative("<p>Your code is <b>123456</b></p>", subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as post:
        post.send_message(message)
        post.send_message(message, to_addrs=["someone@example.com"])
    mail = sandbox.mails("Ava@example.com")
    assert len(mail) == 1
    assert (mail[0]["to"], mail[0]["from"], mail[0]["subject"]) == (
        "ava@example.com",
        "app@example.com",
        "Grüße <b>",
    )
    assert "123456" in mail[0]["text"]
    assert "<b>123456</b>" in mail[0]["html"]
    page = HTTP.get(f"{sandbox.url}/mailbox").text
    assert "Grüße &lt;b&gt;" in page
    assert "<script>alert" not in page
    sandbox.control("DELETE", "mailbox")
    assert sandbox.mails("ava@example.com") == []


def test_the_truth_knows_the_trap(sandbox: Sandbox) -> None:
    """Retargeting looks best on the platform and is worth no more money; broad prospecting is."""
    rows = {r["campaign_id"]: r for r in sandbox.control("GET", "truth/campaigns")["campaigns"]}
    assert rows[BROAD]["worth_scaling"]
    assert not rows[RETARGETING]["worth_scaling"]
    assert rows[VIDEO]["incremental_profit"] < 0
    insight = sandbox.graph(
        "GET", f"{RETARGETING}/insights", fields="purchase_roas", date_preset="last_7d"
    ).json()
    claimed = float(insight["data"][0]["purchase_roas"][0]["value"])
    assert claimed > 2 * rows[RETARGETING]["incremental_roas"]


def test_response_curves_saturate(sandbox: Sandbox) -> None:
    for curve in sandbox.control("GET", "truth/curves")["curves"]:
        revenue = [p["revenue"] for p in curve["points"]]
        gains = [b - a for a, b in pairwise(revenue)]
        assert all(gain > 0 for gain in gains)
        assert gains == sorted(gains, reverse=True)


def test_every_order_has_a_person_and_perhaps_a_cause(sandbox: Sandbox) -> None:
    body = sandbox.control("GET", "truth/orders", params={"limit": 5000})
    assert body["total"] > 3000
    causes = {o["caused_by"] for o in body["orders"]}
    assert {None, BROAD} <= causes
    claimed = sum(o["claimed_by"] is not None for o in body["orders"]) / len(body["orders"])
    assert 0.2 < claimed < 0.8
    page = sandbox.control("GET", "truth/orders", params={"limit": 10, "offset": 10})
    assert len(page["orders"]) == 10


def test_no_two_people_share_an_identifier(sandbox: Sandbox) -> None:
    people = sandbox.control("GET", "truth/people", params={"limit": 5000})["people"]
    for name in ("user_id", "email"):
        assert len({p[name] for p in people}) == len(people)
    devices = [a for p in people for a in p["anonymous_ids"]]
    assert len(set(devices)) == len(devices) > len(people)


def test_a_restart_keeps_the_world(tmp_path: Path) -> None:
    options = (
        "--data",
        str(tmp_path),
        "--start",
        "2026-03-02T15:00:00+00:00",
        "--seed",
        "5",
        "--history",
        "12",
    )
    with running_sandbox(*options) as first:
        first.control("POST", "clock", json={"mode": "paused"})
        first.graph("POST", BROAD, daily_budget="150000")
        first.control("POST", "faults", json={"kind": "bot_clicks", "severity": 0.5})
        first.advance(50)
        before = (daily(first), first.control("GET", "clock")["now"], first.meta_token)
        log = first.graph("GET", "act_102030405060701/activities").json()
        assert first.process is not None
        first.process.kill()
    with running_sandbox(*options[:2]) as second:
        assert (daily(second), second.control("GET", "clock")["now"], second.meta_token) == before
        assert second.graph("GET", BROAD, fields="daily_budget").json()["daily_budget"] == "150000"
        assert second.graph("GET", "act_102030405060701/activities").json() == log
        assert second.control("GET", "faults")["faults"][0]["kind"] == "bot_clicks"


def test_the_given_token_is_the_standing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_META_TOKEN", "EAAgiven")
    with running_sandbox("--history", "2") as own:
        assert own.meta_token == "EAAgiven"
        assert own.graph("GET", "me").status_code == 200


def test_the_front_page_says_what_is_here(sandbox: Sandbox) -> None:
    page = HTTP.get(sandbox.url).text
    for link in ("/mailbox", "/control/docs", "/control/truth/campaigns"):
        assert f'href="{link}"' in page
        assert HTTP.get(f"{sandbox.url}{link}").status_code == 200
