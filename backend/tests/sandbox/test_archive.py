"""An account made large: its campaigns are listed, their days add up, and are restated on command."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_process import HTTP, HU_ACCOUNT, Sandbox, running_sandbox

CAMPAIGNS, DAYS = 30, 5


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with running_sandbox("--history", "2", "--start", "2026-03-06T15:00:00+00:00") as running:
        running.control(
            "POST", "meta/archive", json={"account": HU_ACCOUNT, "campaigns": CAMPAIGNS, "days": DAYS}
        )
        yield running


def report(world: Sandbox, level: str, **params: str) -> list[dict[str, Any]]:
    """Every row, page by page, of the account's days before today."""
    asked = {
        "level": level,
        "time_increment": "1",
        "time_range": json.dumps({"since": "2026-03-01", "until": "2026-03-05"}),
        "fields": "campaign_id,spend,impressions,clicks,actions",
        "limit": "20",
        **params,
    }
    answer = world.graph("GET", f"{HU_ACCOUNT}/insights", **asked).json()
    rows = answer["data"]
    while more := answer["paging"].get("next"):
        answer = HTTP.get(more, timeout=30).json()
        rows += answer["data"]
    return list(rows)


def archived(world: Sandbox) -> set[str]:
    listed = world.graph("GET", f"{HU_ACCOUNT}/campaigns", fields="name,status", limit="500").json()["data"]
    return {one["id"] for one in listed if one["name"].startswith("Archive") and one["status"] == "PAUSED"}


def test_each_campaign_has_each_of_its_days(world: Sandbox) -> None:
    known = archived(world)
    rows = [row for row in report(world, "campaign") if row["campaign_id"] in known]
    assert len(known) == CAMPAIGNS
    assert len({(row["campaign_id"], row["date_start"]) for row in rows}) == len(rows) == CAMPAIGNS * DAYS


def test_days_add_up_to_the_accounts(world: Sandbox) -> None:
    by_campaign, by_account = report(world, "campaign"), report(world, "account")
    for figure in ("impressions", "clicks"):
        assert sum(int(row[figure]) for row in by_campaign) == sum(int(row[figure]) for row in by_account)


def test_a_share_of_the_days_is_restated(world: Sandbox) -> None:
    before = report(world, "campaign")
    assert report(world, "campaign") == before
    world.control("POST", "meta/archive/restate", json={"account": HU_ACCOUNT, "share": 0.2})
    after = report(world, "campaign")
    changed = sum(old != new for old, new in zip(before, after, strict=True))
    assert 0 < changed < len(before) / 2


def test_what_cannot_be_restated_is_refused(world: Sandbox) -> None:
    url = f"{world.url}/control/meta/archive"
    assert HTTP.post(f"{url}/restate", json={"share": 0.5}, timeout=30).status_code == 409
    assert HTTP.post(url, json={"account": "7", "campaigns": 1, "days": 1}, timeout=30).status_code == 404
