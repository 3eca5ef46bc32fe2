"""The Marketing API over HTTP: envelopes, pages, whole updates, verdicts per entity, logs, refusals."""

from typing import Any

import httpx2
import pytest

from tests.factories.assets import jpeg
from tests.factories.snapchat import CART, KW_ACCOUNT, LENS, PROSPECTING, US_ACCOUNT, US_PIXEL, VISITORS
from tests.sandbox.snapchat.conftest import campaign, one, settable
from tests.sandbox_process import HTTP, Sandbox, running_sandbox


def put(snap: Sandbox, path: str, *rows: dict[str, Any]) -> httpx2.Response:
    return snap.snapchat("PUT", path, json={path.rpartition("/")[2]: list(rows)})


def reason(answer: httpx2.Response) -> str:
    body = answer.json()
    (item,) = next(value for value in body.values() if isinstance(value, list))
    assert (answer.status_code, body["request_status"], item["sub_request_status"]) == (400, "ERROR", "ERROR")
    return str(item["sub_request_error_reason"])


def test_who_one_is_and_what_one_reaches(snap: Sandbox) -> None:
    me = snap.snapchat("GET", "me").json()
    assert (me["request_status"], me["me"]["display_name"]) == ("SUCCESS", "Robin Vance")
    assert me["request_id"]
    bare = snap.snapchat("GET", "me/organizations").json()["organizations"][0]["organization"]
    assert "ad_accounts" not in bare
    whole = snap.snapchat("GET", "me/organizations", with_ad_accounts="true").json()
    accounts = whole["organizations"][0]["organization"]["ad_accounts"]
    assert [(a["id"], a["currency"], a["timezone"]) for a in accounts] == [
        (US_ACCOUNT, "USD", "America/New_York"),
        (KW_ACCOUNT, "KWD", "Asia/Kuwait"),
    ]
    pixels = snap.snapchat("GET", f"adaccounts/{US_ACCOUNT}/pixels").json()["pixels"]
    assert [item["pixel"]["id"] for item in pixels] == [US_PIXEL]


@pytest.mark.parametrize(
    ("path", "plural", "count"),
    [
        (f"adaccounts/{US_ACCOUNT}/adsquads", "adsquads", 6),
        (f"adaccounts/{US_ACCOUNT}/ads", "ads", 12),
        (f"campaigns/{VISITORS}/adsquads", "adsquads", 2),
        (f"campaigns/{VISITORS}/ads", "ads", 4),
        (f"adsquads/{CART}/ads", "ads", 2),
    ],
)
def test_lists_hold_what_is_below(snap: Sandbox, path: str, plural: str, count: int) -> None:
    """What another test made stands there too, under a name of its own."""
    rows = [each[plural[:-1]]["name"] for each in snap.snapchat("GET", path).json()[plural]]
    assert len([name for name in rows if not name.startswith("New")]) == count


def test_a_list_comes_in_pages_that_end(snap: Sandbox) -> None:
    path = f"adaccounts/{US_ACCOUNT}/campaigns"
    rows = [campaign(f"Page {n}") for n in range(70)]
    made = snap.snapchat("POST", path, json={"campaigns": rows}).json()
    first = snap.snapchat("GET", path, limit="50").json()
    link = first["paging"]["next_link"]
    assert link.startswith(f"{snap.url}/snapchat/v1/{path}?")
    token = {"Authorization": f"Bearer {snap.snapchat_facts['access_token']}"}
    second = HTTP.get(link, headers=token).json()
    assert second["paging"] == {}
    ids = [item["campaign"]["id"] for body in (first, second) for item in body["campaigns"]]
    assert len(ids) == len(set(ids))
    assert set(ids) >= {item["campaign"]["id"] for item in made["campaigns"]}
    for item in made["campaigns"]:
        snap.snapchat("DELETE", f"campaigns/{item['campaign']['id']}")


@pytest.mark.parametrize(
    "query", [{"limit": "49"}, {"limit": "1001"}, {"limit": "x"}, {"cursor": "a"}, {"sort": "x"}]
)
def test_what_is_no_page_is_refused(snap: Sandbox, query: dict[str, str]) -> None:
    answer = snap.snapchat("GET", f"adaccounts/{US_ACCOUNT}/campaigns", **query)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "E1001")


def test_a_put_replaces_the_whole(snap: Sandbox) -> None:
    path = f"adaccounts/{US_ACCOUNT}/campaigns"
    made = snap.snapchat(
        "POST",
        path,
        json={
            "campaigns": [campaign("Whole", daily_budget_micro=25_000_000, lifetime_spend_cap_micro=10**9)]
        },
    ).json()["campaigns"][0]["campaign"]
    row = settable(made)
    del row["lifetime_spend_cap_micro"]
    answer = put(snap, path, row | {"daily_budget_micro": 30_000_000}).json()["campaigns"][0]
    assert answer["sub_request_status"] == "SUCCESS"
    assert answer["campaign"]["daily_budget_micro"] == 30_000_000
    assert "lifetime_spend_cap_micro" not in one(snap, "campaigns", made["id"])
    snap.snapchat("DELETE", f"campaigns/{made['id']}")
    assert snap.snapchat("GET", f"campaigns/{made['id']}").status_code == 404
    kept = snap.snapchat("GET", f"campaigns/{made['id']}", read_deleted_entities="true").json()
    assert kept["campaigns"][0]["campaign"]["deleted"] is True


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": None}, "E2001: name is required"),
        ({"updated_at": "2026-03-02T15:00:00.000Z"}, "E2002: updated_at is not a settable"),
        ({"status": "ARCHIVED"}, "E2002: status must be"),
        ({"daily_budget_micro": 19_999_999}, "E2002: daily_budget_micro must be at least 20000000"),
        ({"daily_budget_micro": 1.5}, "E2002: daily_budget_micro must be a positive whole"),
        ({"daily_budget_micro": "30000000"}, "E2002: daily_budget_micro must be a positive whole"),
        ({"daily_budget_micro": None}, "E2001: a campaign that paces"),
        ({"pacing_level": None}, "E2023: pacing_level is immutable"),
        ({"end_time": "2020-01-01T00:00:00.000Z"}, "E2002: end_time must be after"),
        ({"end_time": "soon"}, "E2002: start_time and end_time"),
        ({"ad_account_id": KW_ACCOUNT}, "E2002: ad_account_id does not match"),
        ({"id": "nobody"}, "E3003"),
    ],
)
def test_a_campaign_that_is_not_in_order_is_not_taken(
    snap: Sandbox, changes: dict[str, Any], says: str
) -> None:
    before = one(snap, "campaigns", PROSPECTING)
    row = {k: v for k, v in (settable(before) | changes).items() if v is not None}
    assert reason(put(snap, f"adaccounts/{US_ACCOUNT}/campaigns", row)).startswith(says)
    assert one(snap, "campaigns", PROSPECTING) == before


@pytest.mark.parametrize(
    ("squad", "campaign_id", "changes", "says"),
    [
        (CART, VISITORS, {"daily_budget_micro": 4_999_999}, "E2002: daily_budget_micro must be at least"),
        (CART, VISITORS, {"daily_budget_micro": None}, "E2001: one of daily_budget_micro or"),
        (CART, VISITORS, {"lifetime_budget_micro": 10**9}, "E2001: one of daily_budget_micro or"),
        (CART, VISITORS, {"bid_strategy": "TARGET_COST"}, "E2771"),
        (CART, VISITORS, {"bid_micro": 1_000_000}, "E2772"),
        (CART, VISITORS, {"targeting": None}, "E2001: targeting is required"),
        (LENS, "5a9c0002-0001-4000-8000-000000000003", {"end_time": None}, "E2001: end_time is required"),
        (
            "5a9c0003-0001-4000-8000-000000000010",
            PROSPECTING,
            {"daily_budget_micro": 10**7},
            "E2002: daily_budget",
        ),
    ],
)
def test_an_ad_squad_that_is_not_in_order_is_not_taken(
    squad: str, campaign_id: str, changes: dict[str, Any], says: str, *, snap: Sandbox
) -> None:
    before = one(snap, "adsquads", squad)
    row = {k: v for k, v in (settable(before) | changes).items() if v is not None}
    assert reason(put(snap, f"campaigns/{campaign_id}/adsquads", row)).startswith(says)
    assert one(snap, "adsquads", squad) == before


def test_each_entity_of_a_request_has_its_own_verdict(snap: Sandbox) -> None:
    rows = [campaign("Good"), campaign("Bad", status="X"), campaign("Good too")]
    answer = snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/campaigns", json={"campaigns": rows})
    assert (answer.status_code, answer.json()["request_status"]) == (200, "SUCCESS")
    items = answer.json()["campaigns"]
    assert [item["sub_request_status"] for item in items] == ["SUCCESS", "ERROR", "SUCCESS"]
    for item in items:
        if "campaign" in item:
            snap.snapchat("DELETE", f"campaigns/{item['campaign']['id']}")


def test_an_ordered_partial_failure_refuses_its_share(snap: Sandbox) -> None:
    snap.control(
        "POST", "faults", json={"kind": "partial_failure", "vendor": "snapchat", "severity": 0.5, "count": 1}
    )
    rows = [campaign(f"Half {n}") for n in range(4)]
    items = snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/campaigns", json={"campaigns": rows}).json()[
        "campaigns"
    ]
    assert [item["sub_request_status"] for item in items] == ["SUCCESS", "ERROR", "SUCCESS", "ERROR"]


def test_a_new_campaign_with_squad_and_ad_spends(snap: Sandbox) -> None:
    made = snap.snapchat(
        "POST", f"adaccounts/{US_ACCOUNT}/campaigns", json={"campaigns": [campaign("New", status="ACTIVE")]}
    ).json()["campaigns"][0]["campaign"]
    squad = settable(one(snap, "adsquads", CART)) | {"campaign_id": made["id"], "name": "New squad"}
    del squad["id"]
    squad = snap.snapchat("POST", f"campaigns/{made['id']}/adsquads", json={"adsquads": [squad]}).json()[
        "adsquads"
    ][0]["adsquad"]
    assert squad["delivery_status"] == ["INVALID_NO_CREATIVE_EFFECTIVE_ACTIVE"]
    ad = {
        "ad_squad_id": squad["id"],
        "creative_id": creative(snap, filled(snap)),
        "name": "New ad",
        "status": "ACTIVE",
        "type": "REMOTE_WEBPAGE",
    }
    assert snap.snapchat("POST", f"adsquads/{squad['id']}/ads", json={"ads": [ad]}).status_code == 200
    assert one(snap, "adsquads", squad["id"])["delivery_status"] == ["INVALID_NO_CREATIVE_EFFECTIVE_ACTIVE"]
    snap.advance(6)
    assert one(snap, "adsquads", squad["id"])["delivery_status"] == ["VALID"]
    stats = snap.snapchat("GET", f"campaigns/{made['id']}/stats", fields="spend,impressions").json()
    assert stats["total_stats"][0]["total_stat"]["stats"]["spend"] > 0
    snap.snapchat("DELETE", f"campaigns/{made['id']}")


def media(snap: Sandbox, name: str = "ridge.jpg") -> str:
    row = {"ad_account_id": US_ACCOUNT, "name": name, "type": "IMAGE"}
    answer = snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/media", json={"media": [row]}).json()
    assert answer["media"][0]["media"]["media_status"] == "PENDING_UPLOAD"
    return str(answer["media"][0]["media"]["id"])


def fill(snap: Sandbox, media_id: str, content: bytes) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {snap.snapchat_facts['access_token']}"}
    files = {"file": ("ridge.jpg", content, "image/jpeg")}
    url = f"{snap.url}/snapchat/v1/media/{media_id}/upload"
    return HTTP.post(url, files=files, headers=headers, timeout=60)


def filled(snap: Sandbox, width: int = 1080, height: int = 1920) -> str:
    media_id = media(snap)
    answer = fill(snap, media_id, jpeg(width, height))
    assert answer.json()["result"]["media_status"] == "READY"
    return media_id


def shown(media_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "ad_account_id": US_ACCOUNT,
        "name": "Ridge",
        "type": "WEB_VIEW",
        "brand_name": "Northwind",
        "headline": "Down the ridge, dry",
        "call_to_action": "SHOP_NOW",
        "shareable": True,
        "top_snap_media_id": media_id,
        "web_view_properties": {"url": "https://northwind.example/trail"},
        "profile_properties": {"profile_id": "5a9c0008-0000-4000-8000-000000000007"},
    } | changes


def creative(snap: Sandbox, media_id: str) -> str:
    body = {"creatives": [shown(media_id)]}
    answer = snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/creatives", json=body)
    return str(answer.json()["creatives"][0]["creative"]["id"])


def test_media_are_filled_once_with_an_image(snap: Sandbox) -> None:
    media_id = media(snap)
    assert fill(snap, media_id, b"no image").status_code == 400
    assert fill(snap, media_id, jpeg(1080, 1920)).status_code == 200
    assert fill(snap, media_id, jpeg(1080, 1920)).status_code == 400
    assert one(snap, "media", media_id)["media_status"] == "READY"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headline": "h" * 35}, "E2002"),
        ({"brand_name": ""}, "E2001"),
        ({"call_to_action": "DANCE"}, "E2002"),
        ({"web_view_properties": {"url": "no address"}}, "E2002"),
        ({"profile_properties": {"profile_id": "another"}}, "E3002"),
        ({"top_snap_media_id": "another"}, "E3003"),
        ({"type": "SNAP_AD"}, "E2002"),
    ],
)
def test_a_creative_that_is_not_in_order_is_not_taken(
    snap: Sandbox, changes: dict[str, Any], code: str
) -> None:
    body = {"creatives": [shown(filled(snap), **changes)]}
    answer = snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/creatives", json=body)
    assert answer.status_code == 400
    told = answer.json()["creatives"][0]["sub_request_error_reason"]
    assert told.startswith(f"{code}: ")


@pytest.mark.parametrize("width", [None, 1000])
def test_a_top_snap_has_its_file_and_its_size(snap: Sandbox, width: int | None) -> None:
    media_id = media(snap) if width is None else filled(snap, width, 1920)
    body = {"creatives": [shown(media_id)]}
    assert snap.snapchat("POST", f"adaccounts/{US_ACCOUNT}/creatives", json=body).status_code == 400


def test_a_log_tells_who_changed_what(snap: Sandbox) -> None:
    before = one(snap, "adsquads", CART)
    row = settable(before) | {"daily_budget_micro": before["daily_budget_micro"] + 1_000_000}
    put(snap, f"campaigns/{VISITORS}/adsquads", row)
    snap.control("POST", "snapchat/edit", json={"object_id": CART, "changes": {"name": "By hand"}})
    logs = snap.snapchat("GET", f"adsquads/{CART}/external_changelogs", limit="50").json()["changelogs"]
    by_hand, by_app = (item["changelog"] for item in logs[:2])
    assert by_hand["update_value_records"]["name"]["after_value"] == '"By hand"'
    assert "app_id" not in by_hand
    assert by_app["app_id"] == snap.snapchat_facts["app_id"]
    told = by_app["update_value_records"]["daily_budget_micro"]
    assert told["after_value"] == str(before["daily_budget_micro"] + 1_000_000)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nonsense", 404, "E3003"),
        ("GET", "campaigns/nobody", 404, "E3003"),
        ("GET", f"adsquads/{PROSPECTING}", 404, "E3003"),
        ("GET", f"pixels/{US_PIXEL}/event_quality_scores", 404, "E3003"),
        ("PATCH", f"campaigns/{PROSPECTING}", 405, None),
        ("POST", f"adaccounts/{US_ACCOUNT}/campaigns", 400, "E1001"),
        ("POST", f"adaccounts/{US_ACCOUNT}/pixels", 405, None),
        ("DELETE", f"adaccounts/{US_ACCOUNT}", 404, "E3003"),
        ("PUT", f"campaigns/{PROSPECTING}/campaigns", 404, "E3003"),
    ],
)
def test_what_is_not_emulated_is_refused_in_snapchats_form(
    method: str, path: str, status: int, code: str | None, *, snap: Sandbox
) -> None:
    answer = snap.snapchat(method, path, json={} if method in {"POST", "PUT", "PATCH"} else None)
    body = answer.json()
    assert (answer.status_code, body["request_status"], body.get("error_code")) == (status, "ERROR", code)
    assert body["request_id"]
    assert body["debug_message"]


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"campaigns": 1}', b'{"campaigns": [1]}', b'{"campaigns": []}']
)
def test_no_body_is_answered_with_a_failure_of_the_servers(snap: Sandbox, raw: bytes) -> None:
    url = f"{snap.url}/snapchat/v1/adaccounts/{US_ACCOUNT}/campaigns"
    token = {"Authorization": f"Bearer {snap.snapchat_facts['access_token']}"}
    answer = HTTP.request("PUT", url, content=raw, headers=token)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "E1001")


def test_too_many_requests_a_second_are_refused_without_a_word_more(snap: Sandbox) -> None:
    snap.control("POST", "snapchat/quota", json={"requests_per_second": 1})
    answers = [snap.snapchat("GET", "me") for _ in range(4)]
    snap.control("POST", "snapchat/quota", json={"requests_per_second": 10_000})
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert "retry-after" not in refused[0].headers
    assert refused[0].json()["request_status"] == "ERROR"


def test_a_restart_loses_nothing(tmp_path: Any) -> None:
    arguments = (
        "--seed",
        "7",
        "--start",
        "2026-03-02T15:00:00+00:00",
        "--history",
        "3",
        "--data",
        str(tmp_path),
    )
    with running_sandbox(*arguments) as snap:
        row = settable(one(snap, "campaigns", PROSPECTING)) | {"daily_budget_micro": 123_000_000}
        put(snap, f"adaccounts/{US_ACCOUNT}/campaigns", row)
        spent = snap.snapchat("GET", f"campaigns/{PROSPECTING}/stats", fields="spend").json()["total_stats"]
        logs = snap.snapchat("GET", f"campaigns/{PROSPECTING}/external_changelogs").json()["changelogs"]
    with running_sandbox(*arguments) as snap:
        assert one(snap, "campaigns", PROSPECTING)["daily_budget_micro"] == 123_000_000
        again = snap.snapchat("GET", f"campaigns/{PROSPECTING}/stats", fields="spend").json()["total_stats"]
        assert again[0]["total_stat"]["stats"] == spent[0]["total_stat"]["stats"]
        assert (
            snap.snapchat("GET", f"campaigns/{PROSPECTING}/external_changelogs").json()["changelogs"] == logs
        )
