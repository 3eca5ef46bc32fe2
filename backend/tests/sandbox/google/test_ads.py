"""Google Ads over REST: reports, pages, writes, changes, limits and what is not emulated."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.sandbox.google.conftest import JP, MANAGER, US, Api, code_of, select
from tests.sandbox_process import HTTP, Sandbox, running_sandbox

BRAND = f"customers/{US}/campaigns/21400000001"
BRAND_BUDGET = f"customers/{US}/campaignBudgets/11400000001"
SHARED = f"customers/{US}/campaignBudgets/11499990001"
TOTAL = f"customers/{US}/campaignBudgets/11400000006"
WEEK = "segments.date BETWEEN '2026-02-20' AND '2026-02-26'"


def budget(api: Api, name: str = BRAND_BUDGET) -> str:
    query = "SELECT campaign_budget.amount_micros, campaign_budget.resource_name FROM campaign_budget"
    rows = {r["campaignBudget"]["resourceName"]: r["campaignBudget"] for r in api.rows(query)}
    found: str = rows[name]["amountMicros"]
    return found


def test_a_report_by_day_adds_up_by_campaign_and_by_account(api: Api) -> None:
    fields = "segments.date, metrics.cost_micros, metrics.clicks, metrics.conversions"
    by_campaign = api.rows(select(f"campaign.id, {fields}", "campaign", WEEK))
    by_account = api.rows(select(f"customer.id, {fields}", "customer", WEEK))
    assert len(by_account) == 7
    for row in by_account:
        day = row["segments"]["date"]
        parts = [one["metrics"] for one in by_campaign if one["segments"]["date"] == day]
        whole = row["metrics"]
        assert sum(int(one["clicks"]) for one in parts) == int(whole["clicks"])
        assert sum(one["conversions"] for one in parts) == whole["conversions"]
        cents = sum(int(one["costMicros"]) for one in parts) - int(whole["costMicros"])
        assert abs(cents) <= 10_000 * len(parts), "each is rounded to the cent for itself"


def test_a_campaign_without_ad_groups_has_its_figures_all_the_same(api: Api) -> None:
    query = select("campaign.id, metrics.impressions", "campaign", WEEK, "campaign.id = 21400000002")
    (row,) = api.rows(query)
    assert int(row["metrics"]["impressions"]) > 0
    groups = api.rows("SELECT ad_group.id, campaign.id FROM ad_group WHERE campaign.id = 21400000002")
    assert groups == []


def test_hours_weeks_and_months_are_cut_from_the_same_days(api: Api) -> None:
    totals = []
    for segment in ("date", "hour", "week", "month"):
        rows = api.rows(select(f"segments.{segment}, metrics.clicks", "customer", WEEK))
        totals.append(sum(int(row["metrics"]["clicks"]) for row in rows))
    assert len(set(totals)) == 1
    assert totals[0] > 0


def test_conversions_by_their_action_and_by_their_own_date(api: Api) -> None:
    fields = (
        "campaign.id, segments.conversion_action_category, metrics.conversions, metrics.all_conversions, "
        "metrics.conversions_by_conversion_date"
    )
    query = select(fields, "campaign", WEEK)
    rows = api.rows(query)
    assert {row["segments"]["conversionActionCategory"] for row in rows} == {"PURCHASE"}
    assert sum(row["metrics"]["conversions"] for row in rows) > 0
    assert sum(row["metrics"]["conversionsByConversionDate"] for row in rows) > 0
    none = api.rows(f"{query} AND segments.conversion_action_category = 'SIGNUP'")
    assert none == []


def test_conversions_grow_while_the_window_is_open(api: Api) -> None:
    with running_sandbox("--seed", "7", "--start", "2026-03-02T15:00:00+00:00", "--history", "6") as own:
        told = own.vendor("google")
        mine = Api(f"{own.url}/google", told["access_token"], "", "", "")
        query = "SELECT customer.id, metrics.conversions FROM customer WHERE segments.date = '2026-03-01'"
        first = mine.rows(query)[0]["metrics"]["conversions"]
        own.advance(24 * 6)
        later = mine.rows(query)[0]["metrics"]["conversions"]
        assert 0 < first < later


def test_pages_hold_every_row_once(api: Api, project: Callable[..., None]) -> None:
    query = "SELECT campaign.id FROM campaign ORDER BY campaign.id"
    whole = [row["campaign"]["id"] for row in api.rows(query)]
    project(page_rows=3)
    found: list[str] = []
    token: dict[str, Any] = {}
    while True:
        answer = api.search(query, searchSettings={"returnTotalResultsCount": True}, **token).json()
        found += [row["campaign"]["id"] for row in answer["results"]]
        assert answer["totalResultsCount"] == str(len(whole))
        if "nextPageToken" not in answer:
            break
        token = {"pageToken": answer["nextPageToken"]}
    assert found == whole
    streamed = api.call("POST", f"/v26/customers/{US}/googleAds:searchStream", {"query": query}).json()
    assert [row["campaign"]["id"] for batch in streamed for row in batch["results"]] == whole
    other = api.search("SELECT campaign.name FROM campaign", **token)
    assert code_of(other) == (400, "requestError", "INVALID_PAGE_TOKEN")
    assert code_of(api.search(query, pageSize=10)) == (400, "requestError", "PAGE_SIZE_NOT_SUPPORTED")


def test_a_budget_is_written_and_read_back_and_moves_what_is_spent(api: Api) -> None:
    was = budget(api)
    update = {"resourceName": BRAND_BUDGET, "amountMicros": "360000000"}
    answer = api.mutate("campaignBudgets", {"update": update, "updateMask": "amountMicros"})
    assert answer.json() == {"results": [{"resourceName": BRAND_BUDGET}]}
    assert budget(api) == "360000000"
    back = {"update": {"resourceName": BRAND_BUDGET, "amountMicros": was}, "updateMask": "amount_micros"}
    shown = api.mutate("campaignBudgets", back, responseContentType="MUTABLE_RESOURCE").json()
    assert shown["results"][0]["campaignBudget"]["amountMicros"] == was


def test_what_is_only_validated_changes_nothing(api: Api) -> None:
    was = budget(api)
    update = {"resourceName": BRAND_BUDGET, "amountMicros": "999000000"}
    answer = api.mutate(
        "campaignBudgets", {"update": update, "updateMask": "amountMicros"}, validateOnly=True
    )
    assert (answer.status_code, answer.json()) == (200, {})
    bad = {"update": update | {"amountMicros": "1"}, "updateMask": "amountMicros"}
    assert api.mutate("campaignBudgets", bad, validateOnly=True).status_code == 400
    assert budget(api) == was


def of_budget(code: str, changes: dict[str, Any], name: str = BRAND_BUDGET) -> Any:
    return pytest.param("campaignBudgets", {"resourceName": name, **changes}, code, id=code)


def of_campaign(code: str, changes: dict[str, Any]) -> Any:
    return pytest.param("campaigns", {"resourceName": BRAND, **changes}, code, id=code)


ANOTHERS = {"campaignBudget": f"customers/{US}/campaignBudgets/11400000003"}
NOBODYS = f"customers/{US}/campaignBudgets/1"
DAILY, TEN = {"amountMicros": "181230001"}, {"amountMicros": "10000000"}
_OF = "campaignBudgetError."
REFUSED = [
    of_budget(f"{_OF}NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", DAILY),
    of_budget(f"{_OF}NEGATIVE_MONEY_AMOUNT", {"amountMicros": "-10000"}),
    of_budget(
        f"{_OF}TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY", {"totalAmountMicros": "10000000"}
    ),
    of_budget(f"{_OF}BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD", TEN, TOTAL),
    of_budget(
        f"{_OF}CANNOT_UPDATE_CAMPAIGN_BUDGET_TO_IMPLICITLY_SHARED", {"explicitlyShared": False}, SHARED
    ),
    of_budget("requestError.IMMUTABLE_FIELD", {"period": "DAILY"}),
    of_budget("fieldMaskError.FIELD_NOT_FOUND", {"nonsense": "1"}),
    of_budget("mutateError.RESOURCE_NOT_FOUND", TEN, NOBODYS),
    of_budget("requestError.RESOURCE_NAME_MALFORMED", TEN, "budget"),
    of_campaign("requestError.INVALID_ENUM_VALUE", {"status": "REMOVED"}),
    of_campaign(f"{_OF}CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS", ANOTHERS),
    of_campaign("campaignError.DUPLICATE_CAMPAIGN_NAME", {"name": "Display | Awareness"}),
]


@pytest.mark.parametrize(("service", "update", "expected"), REFUSED)
def test_a_write_that_google_would_refuse(
    api: Api, service: str, update: dict[str, Any], expected: str
) -> None:
    was = budget(api)
    mask = ",".join(name for name in update if name != "resourceName")
    answer = api.mutate(service, {"update": update, "updateMask": mask})
    status, group, code = code_of(answer)
    assert (status, f"{group}.{code}") == (400, expected)
    first = answer.json()["error"]["details"][0]["errors"][0]
    assert first["location"]["fieldPathElements"][0] == {"fieldName": "operations", "index": 0}
    assert budget(api) == was


def test_all_or_nothing_unless_a_part_may_fail(api: Api) -> None:
    was = budget(api)
    good = {
        "update": {"resourceName": BRAND_BUDGET, "amountMicros": "200000000"},
        "updateMask": "amountMicros",
    }
    bad = {"update": {"resourceName": TOTAL, "amountMicros": "10000000"}, "updateMask": "amountMicros"}
    assert api.mutate("campaignBudgets", good, bad).status_code == 400
    assert budget(api) == was
    answer = api.mutate("campaignBudgets", good, bad, partialFailure=True)
    assert answer.status_code == 200
    body = answer.json()
    assert body["results"] == [{"resourceName": BRAND_BUDGET}, {}]
    (error,) = body["partialFailureError"]["details"][0]["errors"]
    assert error["location"]["fieldPathElements"][0] == {"fieldName": "operations", "index": 1}
    assert budget(api) == "200000000"
    twice = api.mutate("campaignBudgets", good, good)
    assert code_of(twice) == (400, "mutateError", "ID_EXISTS_IN_MULTIPLE_MUTATES")
    back = {"update": {"resourceName": BRAND_BUDGET, "amountMicros": was}, "updateMask": "amountMicros"}
    api.mutate("campaignBudgets", back)


def test_a_campaign_is_made_whole_in_one_request_and_removed(api: Api) -> None:
    temporary = f"customers/{US}/campaignBudgets/-1"
    campaign = f"customers/{US}/campaigns/-2"
    group = f"customers/{US}/adGroups/-3"
    answer = api.mutate(
        "googleAds",
        {"campaignBudgetOperation": {"create": {
            "resourceName": temporary, "name": "Made", "amountMicros": "50000000", "explicitlyShared": False,
        }}},
        {"campaignOperation": {"create": {
            "resourceName": campaign, "name": "Made by a test", "campaignBudget": temporary, "status": "PAUSED",
            "advertisingChannelType": "SEARCH", "manualCpc": {},
            "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
        }}},
        {"adGroupOperation": {"create": {"resourceName": group, "name": "Group", "campaign": campaign}}},
        {"adGroupAdOperation": {"create": {"adGroup": group, "ad": {"name": "Ad"}}}},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    kinds = [next(iter(one)) for one in answer.json()["mutateOperationResponses"]]
    assert kinds == ["campaignBudgetResult", "campaignResult", "adGroupResult", "adGroupAdResult"]
    made = answer.json()["mutateOperationResponses"][1]["campaignResult"]["resourceName"]
    fields = "campaign.name, campaign.primary_status, campaign.bidding_strategy_type, campaign_budget.reference_count"
    query = select(fields, "campaign", f"campaign.resource_name = '{made}'")
    (row,) = api.rows(query)
    assert (row["campaign"]["primaryStatus"], row["campaign"]["biddingStrategyType"]) == (
        "PAUSED",
        "MANUAL_CPC",
    )
    assert row["campaignBudget"]["referenceCount"] == "1"
    assert api.mutate("campaigns", {"remove": made}).status_code == 200
    gone = api.mutate(
        "campaigns", {"update": {"resourceName": made, "status": "PAUSED"}, "updateMask": "status"}
    )
    assert code_of(gone) == (400, "mutateError", "RESOURCE_NOT_FOUND")


def test_a_failed_part_takes_the_whole_request_back(api: Api) -> None:
    count = len(api.rows("SELECT campaign_budget.id FROM campaign_budget"))
    answer = api.mutate(
        "googleAds",
        {"campaignBudgetOperation": {"create": {"name": "Lost", "amountMicros": "50000000"}}},
        {"campaignOperation": {"create": {"name": "No budget"}}},
    )
    assert code_of(answer) == (400, "fieldError", "REQUIRED")
    assert len(api.rows("SELECT campaign_budget.id FROM campaign_budget")) == count


def test_a_persons_edit_is_in_the_history_after_a_while(
    api: Api, sandbox: Sandbox, project: Callable[..., None]
) -> None:
    project(change_delay=180)
    edit = {"resource_name": BRAND, "changes": {"name": "Search | Brand, by hand"}}
    sandbox.control("POST", "google/edit", json=edit)
    fields = (
        "change_event.change_date_time, change_event.user_email, change_event.client_type, "
        "change_event.changed_fields, change_event.old_resource, change_event.new_resource, campaign.id"
    )
    today = date.fromisoformat(sandbox.control("GET", "clock")["now"][:10])
    days = f"'{today - timedelta(days=2)}' AND '{today + timedelta(days=2)}'"
    between = f"change_event.change_date_time BETWEEN {days}"
    query = f"{select(fields, 'change_event', between)} LIMIT 100"
    project(change_delay=0)
    rows = [row for row in api.rows(query) if row["changeEvent"]["changedFields"] == "name"]
    assert rows[0]["changeEvent"]["clientType"] == "GOOGLE_ADS_WEB_CLIENT"
    assert rows[0]["changeEvent"]["userEmail"] == "dana@northwind.example"
    assert rows[0]["changeEvent"]["newResource"] == {"campaign": {"name": "Search | Brand, by hand"}}
    assert rows[0]["campaign"]["id"] == "21400000001"
    sandbox.control("POST", "google/edit", json=edit | {"changes": {"name": "Search | Brand"}})


def test_a_days_operations_are_counted_one_by_one(
    api: Api, sandbox: Sandbox, project: Callable[..., None]
) -> None:
    used = sandbox.vendor("google")["operations_used"]
    api.rows("SELECT campaign.id FROM campaign")
    update = {"resourceName": BRAND_BUDGET, "amountMicros": budget(api)}
    api.mutate("campaignBudgets", {"update": update, "updateMask": "amountMicros"})
    assert sandbox.vendor("google")["operations_used"] == used + 3
    project(operations_per_day=used + 3)
    answer = api.search("SELECT campaign.id FROM campaign")
    assert code_of(answer) == (429, "quotaError", "RESOURCE_EXHAUSTED")
    (error,) = answer.json()["error"]["details"][0]["errors"]
    details = error["details"]["quotaErrorDetails"]
    assert details["rateScope"] == "DEVELOPER"
    assert int(details["retryDelay"].removesuffix("s")) > 0


def test_a_project_without_rights(api: Api, project: Callable[..., None]) -> None:
    project(approved=False)
    answer = api.search("SELECT campaign.id FROM campaign")
    assert code_of(answer) == (403, "authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/v26/customers/{US}/keywordPlans:mutate"),
        ("POST", f"/v26/customers/{US}:uploadClickConversions"),
        ("POST", f"/v27/customers/{US}/googleAds:search"),
        ("GET", f"/v26/customers/{US}/googleAds:search"),
        ("POST", "/v1/users:ingest"),
        ("GET", "/nonsense"),
    ],
)
def test_what_is_not_emulated_is_not_found(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path, {} if method == "POST" else None)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_an_old_version_is_told_so(api: Api) -> None:
    answer = api.call(
        "POST", f"/v22/customers/{US}/googleAds:search", {"query": "SELECT campaign.id FROM campaign"}
    )
    assert code_of(answer) == (400, "requestError", "UNSUPPORTED_VERSION")


@pytest.mark.parametrize("customer", ["123", "abc", "444-111-5551"])
def test_what_is_no_customer(api: Api, customer: str) -> None:
    answer = api.search("SELECT customer.id FROM customer", customer=customer)
    assert code_of(answer) == (400, "requestError", "INVALID_CUSTOMER_ID")


@pytest.mark.parametrize(("customer", "login"), [("9999999999", None), (JP, None), (MANAGER, US), (US, JP)])
def test_an_account_that_the_person_does_not_reach(api: Api, customer: str, login: str | None) -> None:
    answer = api.search("SELECT customer.id FROM customer", customer=customer, login=login)
    assert code_of(answer) == (403, "authorizationError", "USER_PERMISSION_DENIED")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe"])
def test_what_is_no_json_is_refused(api: Api, body: bytes) -> None:
    answer = HTTP.post(
        f"{api.url}/v26/customers/{US}/googleAds:search",
        content=body,
        headers={"Authorization": f"Bearer {api.token}"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "operations",
    [None, [], "x", [1], [{}], [{"create": 1}], [{"update": {}}], [{"remove": 5}], [{"create": {}, "remove": "x"}],
     [{"update": {"resourceName": BRAND_BUDGET, "amountMicros": [1]}, "updateMask": "amountMicros"}],
     [{"update": {"resourceName": BRAND_BUDGET, "amountMicros": "9" * 40}, "updateMask": "amountMicros"}],
     [{"update": {"resourceName": [], "amountMicros": "1"}, "updateMask": 7}]],
)  # fmt: skip
def test_garbage_is_refused_and_breaks_nothing(api: Api, operations: Any) -> None:
    path = f"/v26/customers/{US}/campaignBudgets:mutate"
    answer = api.call("POST", path, {"operations": operations})
    assert answer.status_code == 400, answer.text


def test_what_was_written_outlives_a_restart(tmp_path: Any) -> None:
    arguments = (
        "--seed",
        "7",
        "--start",
        "2026-03-02T15:00:00+00:00",
        "--history",
        "2",
        "--data",
        str(tmp_path),
    )
    update = {"resourceName": BRAND_BUDGET, "amountMicros": "150000000"}
    with running_sandbox(*arguments) as first:
        told = first.vendor("google")
        mine = Api(f"{first.url}/google", told["access_token"], "", "", "")
        assert (
            mine.mutate("campaignBudgets", {"update": update, "updateMask": "amountMicros"}).status_code
            == 200
        )
    with running_sandbox(*arguments) as second:
        mine = Api(f"{second.url}/google", told["access_token"], "", "", "")
        assert budget(mine) == "150000000"
        assert second.vendor("google")["operations_used"] >= 1
