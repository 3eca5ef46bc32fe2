"""Signals over the wire."""

from tests.factories.access import Company
from tests.factories.trust import make_account

URL = "/api/v1/trust/signals"


async def test_signals_are_listed_newest_first_and_by_component(acme: Company) -> None:
    account = await make_account(acme.scopes)
    for _ in range(2):
        await acme.client().post("/api/v1/trust/health/evaluate")
    asked: dict[str, str | int] = {"component": "emq", "limit": 1, "ad_account_id": str(account.id)}
    first = (await acme.client().get(URL, params=asked)).json()
    rest = (await acme.client().get(URL, params={**asked, "cursor": first["next_cursor"]})).json()
    assert [each["component"] for each in first["items"] + rest["items"]] == ["emq", "emq"]
    assert first["items"][0]["observed_at"] >= rest["items"][0]["observed_at"]
    assert first["items"][0]["id"] != rest["items"][0]["id"]


async def test_another_tenants_signals_are_not_seen(acme: Company, globex: Company) -> None:
    await make_account(acme.scopes)
    await acme.client().post("/api/v1/trust/health/evaluate")
    assert (await globex.client().get(URL)).json()["items"] == []
