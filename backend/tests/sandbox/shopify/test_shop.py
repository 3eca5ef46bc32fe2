"""The sandbox's shop: the purchases of its world, over an API that refuses what it does not have as Shopify does."""

import base64
import hmac
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from tests.sandbox_process import HTTP, Sandbox

BACK = "https://app.example/callback"


@pytest.fixture
def shop(sandbox: Sandbox) -> Any:
    yield sandbox.vendor("shopify")
    sandbox.control("POST", "shopify/quota", json={})


def asked(
    sandbox: Sandbox, shop: dict[str, Any], query: str, token: str | None = None, **variables: Any
) -> httpx2.Response:
    url = f"{sandbox.url}/shopify/{shop['shop']}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": token or shop["access_token"]}
    return HTTP.post(url, headers=headers, json={"query": query, "variables": variables}, timeout=60)


def test_the_worlds_orders_and_refunds_are_the_shops(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    now = sandbox.control("GET", "clock")["now"]
    since = (datetime.fromisoformat(now) - timedelta(days=20)).isoformat()
    orders = sandbox.control("GET", "truth/orders", params={"since": since, "limit": 500})["orders"]
    kept = next(each for each in orders if each["refunded_at"] is None)
    refunded = next(each for each in orders if each["refunded_at"] and each["refunded_at"] < now)
    for truth in (kept, refunded):
        found = sandbox.control("GET", "shopify/orders", params={"name": truth["order_id"]})
        assert found["name"] == truth["order_id"]
        assert bool(found["refunds"]) == bool(truth["refunded_at"])


def test_pages_follow_each_other_by_update(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    query = """query($after: String) { orders(first: 30, after: $after, sortKey: UPDATED_AT) {
      nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""
    first = asked(sandbox, shop, query).json()["data"]["orders"]
    second = asked(sandbox, shop, query, after=first["pageInfo"]["endCursor"]).json()["data"]["orders"]
    rows = [*first["nodes"], *second["nodes"]]
    assert len({each["id"] for each in rows}) == 60
    assert [each["updatedAt"] for each in rows] == sorted(each["updatedAt"] for each in rows)


def test_what_is_not_emulated_is_an_undefined_field(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    [error] = asked(sandbox, shop, "{ products(first: 1) { nodes { id } } }").json()["errors"]
    assert error["extensions"] == {
        "code": "undefinedField",
        "typeName": "QueryRoot",
        "fieldName": "products",
    }
    rest = HTTP.get(f"{sandbox.url}/shopify/{shop['shop']}/admin/api/2026-10/orders.json")
    assert rest.status_code == 404


def test_a_query_is_paid_in_points(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    cost = asked(sandbox, shop, "{ shop { name } }").json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] == cost["actualQueryCost"] == 1
    lines = "lineItems(first: 50) { nodes { id } }"
    dear = f"{{ orders(first: 250, sortKey: UPDATED_AT) {{ nodes {{ id {lines} }} }} }}"
    [error] = asked(sandbox, shop, dear).json()["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    sandbox.control("POST", "shopify/quota", json={"points": 20, "points_per_second": 1})
    answer = asked(sandbox, shop, "{ orders(first: 30, sortKey: UPDATED_AT) { nodes { id } } }").json()
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in answer
    assert answer["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 1


def test_the_sign_in_comes_back_signed_and_its_tokens_rotate(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    base = f"{sandbox.url}/shopify/{shop['shop']}/admin/oauth"
    query = {"client_id": shop["client_id"], "scope": "read_orders", "redirect_uri": BACK, "state": "s-1"}
    page = HTTP.post(f"{base}/authorize", params=query, data={"answer": "install"})
    back = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    text = "&".join(f"{name}={back[name]}" for name in sorted(back) if name != "hmac")
    assert hmac.new(shop["client_secret"].encode(), text.encode(), "sha256").hexdigest() == back["hmac"]
    app = {"client_id": shop["client_id"], "client_secret": shop["client_secret"]}

    def granted(**form: str) -> httpx2.Response:
        return HTTP.post(f"{base}/access_token", data=app | form)

    first = granted(code=back["code"], expiring="1").json()
    assert (first["expires_in"], first["scope"]) == (3600, "read_orders")
    assert granted(code=back["code"], expiring="1").status_code == 400, "a code is for one use"
    second = granted(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert asked(sandbox, shop, "{ shop { name } }", first["access_token"]).status_code == 401
    again = granted(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != again["refresh_token"], "its answer may have been lost"
    assert asked(sandbox, shop, "{ shop { name } }", again["access_token"]).status_code == 200
    late = granted(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert late.json()["error"] == "invalid_grant", "the new one has been used"
    declined = HTTP.post(f"{base}/authorize", params=query, data={"answer": "cancel"})
    assert "code" not in parse_qs(urlsplit(declined.headers["location"]).query)


def test_webhooks_are_signed_and_subscribed_once(sandbox: Sandbox, shop: dict[str, Any]) -> None:
    subscribe = """mutation($uri: String!) { webhookSubscriptionCreate(topic: APP_UNINSTALLED,
      webhookSubscription: {uri: $uri, format: JSON}) { webhookSubscription { id uri } userErrors { message } } }"""

    def faults(uri: str) -> list[Any]:
        made = asked(sandbox, shop, subscribe, uri=uri).json()["data"]["webhookSubscriptionCreate"]
        return [each["message"] for each in made["userErrors"]]

    assert faults("http://app.example/hooks") == ["Address protocol http:// is not supported"]
    assert faults("https://app.example/hooks") == []
    assert faults("https://app.example/hooks") == ["Address for this topic has already been taken"]
    sent = sandbox.control(
        "POST", "shopify/deliveries", json={"topic": "app/uninstalled", "send": False, "secret": "other"}
    )
    given = base64.b64decode(sent["headers"]["X-Shopify-Hmac-Sha256"])
    assert given == hmac.digest(b"other", sent["body"].encode(), "sha256")
