"""The table of vendors: whoever is in it is served, driven and broken like the others, each in its own words."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.vendors.table import VENDORS
from sandbox.vendors.vendor import PARTIAL, refused_items
from tests.sandbox.elsewhere import ACCOUNT, CAMPAIGN
from tests.sandbox_process import HTTP, US_ACCOUNT, Sandbox, running_sandbox

BROAD = "120210000010100001"
OPTIONS = ("--start", "2026-03-02T15:00:00+00:00", "--history", "4")
SANDBOX = Path(__file__).resolve().parents[2] / "sandbox"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(*OPTIONS, module="tests.sandbox.elsewhere") as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.repair()


def elsewhere(sandbox: Sandbox, path: str, **options: Any) -> httpx2.Response:
    return HTTP.get(f"{sandbox.url}/elsewhere/{path}", timeout=60, **options)


def order(sandbox: Sandbox, kind: str, **facts: Any) -> httpx2.Response:
    return HTTP.post(f"{sandbox.url}/control/faults", json={"kind": kind} | facts)


def test_each_vendor_answers_at_its_own_paths(sandbox: Sandbox) -> None:
    assert elsewhere(sandbox, "api/v1/account").json()["spent"] > 0
    assert elsewhere(sandbox, "api/v1/nothing").json() == {"code": 40404, "path": "api/v1/nothing"}
    assert sandbox.graph("GET", "me").status_code == 200
    assert sandbox.graph("GET", "elsewherenot").json()["error"]["code"] == 100


def test_the_control_pages_know_every_vendor(sandbox: Sandbox) -> None:
    assert sandbox.control("GET", "tiktok") == {"accounts": [ACCOUNT]}
    assert sandbox.control("GET", "meta")["accounts"] == [US_ACCOUNT, "act_102030405060702"]
    page = HTTP.get(sandbox.url).text
    assert 'href="/control/tiktok"' in page
    assert "Elsewhere at /elsewhere" in page
    platforms = [row["platform"] for row in sandbox.control("GET", "shop")["accounts"]]
    assert platforms == ["meta", "tiktok"]


def test_an_application_is_told_where_each_platform_is(sandbox: Sandbox) -> None:
    settings = sandbox.control("GET", "platforms")
    assert settings["ELSEWHERE_BASE_URL"] == f"{sandbox.url}/elsewhere"
    assert settings["META_BASE_URL"] == sandbox.url
    assert settings["META_APP_SECRET"] == sandbox.app_secret


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked", "server_error", "rate_limit"])
def test_a_fault_speaks_in_the_words_of_whom_it_meets(sandbox: Sandbox, kind: str) -> None:
    order(sandbox, kind)
    answer = elsewhere(sandbox, "api/v1/account")
    assert answer.json() == {"code": kind, "path": "/elsewhere/api/v1/account"}
    assert answer.headers["x-elsewhere"] == "broken"
    assert "error" in sandbox.graph("GET", "me").json()


def test_a_fault_that_names_a_vendor_leaves_the_others_alone(sandbox: Sandbox) -> None:
    assert order(sandbox, "token_expired", vendor="tiktok").json()["vendor"] == "tiktok"
    assert elsewhere(sandbox, "api/v1/account").json()["code"] == "token_expired"
    assert sandbox.graph("GET", "me").status_code == 200
    sandbox.repair()
    order(sandbox, "token_expired", vendor="meta")
    assert elsewhere(sandbox, "api/v1/account").json()["code"] == 0
    assert sandbox.graph("GET", "me").status_code == 401


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        ({"path": "/elsewhere/api/v1/account"}, True),
        ({"path": "/elsewhere/account"}, True),
        ({"path": "/account"}, False),
        ({"path": "/account", "vendor": "tiktok"}, True),
        ({"path": "/api/v1/acc", "vendor": "tiktok"}, True),
        ({"path": "/elsewhere/account", "vendor": "tiktok"}, True),
        ({"path": "/items", "vendor": "tiktok"}, False),
        ({"path": "/account", "vendor": "meta"}, False),
    ],
)
def test_a_faults_path_may_leave_out_version_and_prefix(
    sandbox: Sandbox, facts: dict[str, str], *, broken: bool
) -> None:
    order(sandbox, "server_error", status=503, **facts)
    assert elsewhere(sandbox, "api/v1/account").status_code == (503 if broken else 200)


def test_a_fault_for_a_vendor_that_there_is_not_is_refused_with_those_there_are(sandbox: Sandbox) -> None:
    answer = order(sandbox, "token_expired", vendor="friendster")
    assert (answer.status_code, answer.json()["available"]) == (422, ["meta", "tiktok"])


def test_an_account_and_a_code_are_those_of_the_vendor_that_is_named(sandbox: Sandbox) -> None:
    assert order(sandbox, "pixel_drop", account="adv-900100").json()["account"] == ACCOUNT
    foreign = order(sandbox, "pixel_drop", vendor="meta", account="adv-900100")
    assert foreign.status_code == 422
    assert US_ACCOUNT in foreign.json()["available"]
    assert order(sandbox, "rate_limit", vendor="tiktok", code=40100).status_code == 201
    assert order(sandbox, "rate_limit", vendor="meta", code=40100).json()["available"] == [
        4, 17, 32, 613, 80000, 80004,
    ]  # fmt: skip


def test_a_world_fault_that_names_a_vendor_is_not_the_others_either(sandbox: Sandbox) -> None:
    def claimed() -> Any:
        return sandbox.graph(
            "GET", f"{US_ACCOUNT}/insights", fields="actions", date_preset="yesterday"
        ).json()

    healthy = claimed()
    start = "2026-02-26T00:00:00+00:00"
    order(sandbox, "pixel_drop", vendor="tiktok", start=start)
    assert claimed() == healthy
    order(sandbox, "pixel_drop", vendor="meta", start=start)
    assert claimed() != healthy


def test_a_part_of_a_requests_items_can_be_refused(sandbox: Sandbox) -> None:
    def post() -> Any:
        return HTTP.post(f"{sandbox.url}/elsewhere/api/v1/items", json=[1, 2, 3, 4]).json()["refused"]

    assert post() == []
    order(sandbox, "partial_failure", severity=0.5, count=1)
    assert post() == [1, 3]
    assert post() == []


def test_a_part_of_metas_batch_can_be_refused(sandbox: Sandbox) -> None:
    steps = '[{"method":"GET","relative_url":"me"},{"method":"GET","relative_url":"me"}]'
    order(sandbox, "partial_failure", severity=0.5, count=1)
    assert [step["code"] for step in sandbox.graph("POST", "", batch=steps).json()] == [200, 500]
    assert [step["code"] for step in sandbox.graph("POST", "", batch=steps).json()] == [200, 200]


def test_an_error_that_nobody_expected_is_in_the_vendors_words(sandbox: Sandbox) -> None:
    answer = elsewhere(sandbox, "api/v1/fail")
    assert (answer.status_code, answer.json()["code"]) == (500, 50000)


def test_the_truth_is_told_of_all_platforms_of_a_shop(sandbox: Sandbox) -> None:
    rows = {row["campaign_id"]: row for row in sandbox.control("GET", "truth/campaigns")["campaigns"]}
    assert (rows[CAMPAIGN]["platform"], rows[CAMPAIGN]["currency"]) == ("tiktok", "JPY")
    assert rows[CAMPAIGN]["name"] == "Elsewhere | All"
    assert rows[BROAD]["platform"] == "meta"
    alone = sandbox.control("GET", "truth/campaigns", params={"account": "adv-900100"})["campaigns"]
    assert [row["campaign_id"] for row in alone] == [CAMPAIGN]
    curves = sandbox.control("GET", "truth/curves")["curves"]
    assert {"meta", "tiktok"} == {curve["platform"] for curve in curves}
    pulls = sandbox.control("GET", "market")
    assert {BROAD, CAMPAIGN} <= pulls["pull"].keys()
    changed = sandbox.control("POST", "market", json={"campaign_id": CAMPAIGN, "pull": 0.5})
    assert changed == {"campaign_id": CAMPAIGN, "pull": 0.5}


def test_an_order_may_be_claimed_by_several_platforms_at_once(sandbox: Sandbox) -> None:
    orders = sandbox.control("GET", "truth/orders", params={"limit": 5000})["orders"]
    both = [o for o in orders if {c["platform"] for c in o["claims"]} == {"meta", "tiktok"}]
    assert both
    causes = {o["caused_by"] for o in orders}
    assert {None, BROAD, CAMPAIGN} <= causes
    metas = next(o for o in both)
    assert metas["claimed_by"] == next(c for c in metas["claims"] if c["platform"] == "meta")["campaign_id"]
    theirs = sandbox.control("GET", "truth/orders", params={"limit": 5000, "account": ACCOUNT})["orders"]
    assert {o["claimed_by"] for o in theirs} == {None, CAMPAIGN}


def test_a_shop_that_there_is_not_has_no_truth(sandbox: Sandbox) -> None:
    answer = HTTP.get(f"{sandbox.url}/control/truth/orders", params={"shop": "atlantis"})
    assert (answer.status_code, answer.json()["available"]) == (404, ["nwus", "nwhu"])


@given(st.floats(0.01, 1.0), st.integers(1, 500))
def test_the_refused_share_is_the_ordered_one_and_at_least_one(share: float, count: int) -> None:
    refused = refused_items({PARTIAL: share}, count)
    assert len(refused) == max(1, int(count * share))
    assert refused <= set(range(count))
    assert refused_items({}, count) == frozenset()


def test_only_the_table_knows_the_vendors_by_name() -> None:
    """What is not a vendor's own imports none of them: a fifth one is an entry, and no change elsewhere."""
    names = {make.__module__.split(".")[2] for make in VENDORS if isinstance(make, type)}
    found = {}
    for path in SANDBOX.rglob("*.py"):
        where = path.relative_to(SANDBOX).parts
        own = where[1] if where[0] == "vendors" and len(where) > 2 else None
        if where == ("vendors", "table.py"):
            continue
        modules = [n.module for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
        foreign = [
            m for m in modules if m and m.startswith("sandbox.vendors.") and m.split(".")[2] in names - {own}
        ]
        if foreign:
            found[str(path)] = foreign
    assert found == {}
