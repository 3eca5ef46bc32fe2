from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from tests.sandbox_process import US_ACCOUNT, Sandbox, running_sandbox

START = "2026-03-02T15:00:00+00:00"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One world for all: who breaks something repairs it, and who needs an untouched one starts its own."""
    with running_sandbox("--seed", "7", "--start", START) as running:
        yield running


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[FacebookAdsApi]:
    """The vendor's own client, unmodified but for the address."""
    vendor = FacebookSession.GRAPH
    FacebookSession.GRAPH = sandbox.url
    api = FacebookAdsApi.init(access_token=sandbox.meta_token, crash_log=False)
    yield api
    api._session.requests.close()
    FacebookAdsApi.set_default_api(None)
    FacebookSession.GRAPH = vendor


def purchases(row: dict[str, Any], name: str = "actions") -> float:
    """The purchases (or their value) of an insights row; 0 where it has none."""
    return next((float(a["value"]) for a in row.get(name, []) if a["action_type"] == "omni_purchase"), 0.0)


def daily(sandbox: Sandbox, days: int = 7, **params: Any) -> dict[str, dict[str, Any]]:
    """Account insights by day, the newest days up to today."""
    today = date.fromisoformat(sandbox.control("GET", "clock")["now"][:10])
    since = today - timedelta(days=days)
    answer = sandbox.graph(
        "GET",
        f"{US_ACCOUNT}/insights",
        fields="spend,clicks,impressions,actions,action_values",
        time_range=f'{{"since":"{since}","until":"{today}"}}',
        time_increment="1",
        limit="500",
        **params,
    )
    assert answer.status_code == 200, answer.text
    return {row["date_start"]: row for row in answer.json()["data"]}
