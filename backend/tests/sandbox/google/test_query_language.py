"""The query language: what is read, and how Google refuses the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.vendors.google import gaql
from sandbox.vendors.google.errors import AdsError
from sandbox.vendors.google.gaql import Condition, Ordering, Query, Value
from sandbox.vendors.google.plan import like
from tests.sandbox.google.conftest import JP, MANAGER, Api, code_of


def test_a_query_with_every_clause() -> None:
    text = """
      SELECT campaign.id, metrics.clicks FROM campaign
      WHERE campaign.status IN ('ENABLED', "PAUSED") AND segments.date BETWEEN '2026-01-01' AND '2026-01-31'
        and campaign.name NOT LIKE '%it\\'s%' AND metrics.ctr >= -0.5 AND campaign.end_date_time IS NULL
      ORDER BY metrics.clicks DESC, campaign.id LIMIT 7 PARAMETERS include_drafts=true"""
    assert gaql.parse(text) == Query(
        select=("campaign.id", "metrics.clicks"),
        resource="campaign",
        where=(
            Condition("campaign.status", "IN", (Value("string", "ENABLED"), Value("string", "PAUSED"))),
            Condition(
                "segments.date", "BETWEEN", (Value("string", "2026-01-01"), Value("string", "2026-01-31"))
            ),
            Condition("campaign.name", "NOT LIKE", (Value("string", "%it's%"),)),
            Condition("metrics.ctr", ">=", (Value("number", "-0.5"),)),
            Condition("campaign.end_date_time", "IS NULL"),
        ),
        order=(Ordering("metrics.clicks", descending=True), Ordering("campaign.id")),
        limit=7,
        parameters=(("include_drafts", "true"),),
    )


GRAMMAR = [
    ("UPDATE campaign", "EXPECTED_SELECT"),
    ("", "EXPECTED_SELECT"),
    ("SELECT", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id", "EXPECTED_FROM"),
    ("SELECT campaign.id campaign.name FROM campaign", "EXPECTED_FROM"),
    ("SELECT *", "BAD_SYMBOL"),
    ("SELECT 'x' FROM campaign", "BAD_FIELD_NAME"),
    ("SELECT a FROM b WHERE", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT a FROM b WHERE c", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT a FROM b WHERE c EQUALS 1", "BAD_OPERATOR"),
    ("SELECT a FROM b WHERE c = 1 OR d = 2", "UNEXPECTED_INPUT"),
    ("SELECT a FROM b WHERE c = 'x", "STRING_NOT_TERMINATED"),
    ("SELECT a FROM b WHERE c = 'x\ny'", "PROHIBITED_NEWLINE_IN_STRING"),
    ("SELECT a FROM b WHERE c = 'x\\q'", "BAD_ESCAPE_SEQUENCE"),
    ("SELECT a FROM b WHERE c = ű", "BAD_SYMBOL"),
    ("SELECT a FROM b WHERE c = FROM", "BAD_VALUE"),
    ("SELECT a FROM b WHERE c IN 1", "EXPECTED_LIST"),
    ("SELECT a FROM b WHERE c IN ()", "PROHIBITED_EMPTY_LIST_IN_CONDITION"),
    ("SELECT a FROM b WHERE c IN (1, 'x')", "PROHIBITED_VALUE_COMBINATION_IN_LIST"),
    ("SELECT a FROM b WHERE c = (1)", "EXPECTED_SINGLE_VALUE"),
    ("SELECT a FROM b WHERE c BETWEEN 1", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT a FROM b WHERE c BETWEEN 1, 2", "EXPECTED_AND"),
    ("SELECT a FROM b WHERE c BETWEEN 1 AND 'x'", "PROHIBITED_VALUE_COMBINATION_WITH_BETWEEN_OPERATOR"),
    ("SELECT a FROM b ORDER a", "EXPECTED_BY"),
    ("SELECT a FROM b LIMIT x", "BAD_LIMIT_VALUE"),
    ("SELECT a FROM b LIMIT 1.5", "BAD_LIMIT_VALUE"),
    ("SELECT a FROM b LIMIT 0", "LIMIT_VALUE_TOO_LOW"),
    ("SELECT a FROM b LIMIT 1 WHERE c = 1", "UNEXPECTED_INPUT"),
    ("SELECT a FROM b PARAMETERS page=1", "BAD_PARAMETER_NAME"),
    ("SELECT a FROM b PARAMETERS include_drafts=maybe", "BAD_PARAMETER_VALUE"),
]


@pytest.mark.parametrize(("text", "code"), GRAMMAR)
def test_what_is_no_query(text: str, code: str) -> None:
    with pytest.raises(AdsError) as caught:
        gaql.parse(text)
    assert (caught.value.status, caught.value.faults[0].code) == ("INVALID_ARGUMENT", code)


@given(text=st.text(max_size=80) | st.text("SELECTFROMWHERE aid.,=<>'\"()\\\n0123456789_", max_size=80))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        found = gaql.parse(text)
    except AdsError:
        return
    assert found.select


@given(text=st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20))
def test_a_string_arrives_as_it_was_quoted(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    (condition,) = gaql.parse(f"SELECT a FROM b WHERE c = '{quoted}'").where  # noqa: S608  (not SQL)
    assert condition.values == (Value("string", text),)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [("brand%", "BRAND exact", True), ("_rand", "Brand", True), ("50[%]", "50%", True), ("50[%]", "500", False),
     ("a.c", "abc", False)],
)  # fmt: skip
def test_like(pattern: str, text: str, matches: bool) -> None:
    assert (like(pattern).fullmatch(text) is not None) is matches


MEANING = [
    ("SELECT campaign.nonsense FROM campaign", "queryError", "UNRECOGNIZED_FIELD"),
    (
        "SELECT keyword_view.resource_name FROM keyword_view",
        "queryError",
        "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE",
    ),
    ("SELECT campaign.id FROM nonsense", "queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
    ("SELECT ad_group.id FROM campaign", "queryError", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
    (
        "SELECT campaign.id FROM campaign WHERE ad_group.id = 1",
        "queryError",
        "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE",
    ),
    (
        "SELECT metrics.clicks FROM conversion_action",
        "queryError",
        "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
    ),
    (
        "SELECT segments.date FROM campaign_budget",
        "queryError",
        "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE",
    ),
    (
        (
            "SELECT segments.conversion_action_category, metrics.cost_micros FROM campaign "
            "WHERE segments.date DURING LAST_7_DAYS"
        ),
        "queryError",
        "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
    ),
    ("SELECT segments.date, metrics.clicks FROM campaign", "queryError", "EXPECTED_FILTERS_ON_DATE_RANGE"),
    (
        "SELECT segments.date FROM campaign WHERE segments.date >= '2026-01-01'",
        "queryError",
        "EXPECTED_FILTERS_ON_DATE_RANGE",
    ),
    (
        "SELECT campaign.id FROM campaign WHERE segments.date BETWEEN '2026-02-01' AND '2026-01-01'",
        "queryError",
        "DATE_RANGE_TOO_NARROW",
    ),
    (
        "SELECT campaign.id FROM campaign WHERE segments.date = '01.02.2026'",
        "queryError",
        "INVALID_DATE_FORMAT",
    ),
    (
        "SELECT campaign.id FROM campaign WHERE segments.date = '2026-02-30'",
        "queryError",
        "INVALID_DATE_FORMAT",
    ),
    (
        "SELECT campaign.id FROM campaign WHERE segments.date DURING LAST_YEAR",
        "queryError",
        "INVALID_VALUE_WITH_DURING_OPERATOR",
    ),
    ("SELECT campaign.id FROM campaign WHERE campaign.status = 'LIVE'", "queryError", "BAD_ENUM_CONSTANT"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = 'x'", "queryError", "BAD_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name = Brand", "queryError", "INVALID_STRING_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE '1%'", "queryError", "OPERATOR_FIELD_MISMATCH"),
    (
        "SELECT campaign.id FROM campaign ORDER BY metrics.clicks",
        "queryError",
        "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
    ),
    (
        "SELECT campaign.id FROM campaign WHERE segments.hour = 1",
        "queryError",
        "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
    ),
    ("SELECT change_event.user_email FROM change_event", "changeEventError", "LIMIT_NOT_SPECIFIED"),
    (
        "SELECT change_event.user_email FROM change_event LIMIT 10001",
        "changeEventError",
        "INVALID_LIMIT_CLAUSE",
    ),
    (
        "SELECT change_event.user_email FROM change_event LIMIT 10",
        "changeEventError",
        "CHANGE_DATE_RANGE_INFINITE",
    ),
    (
        (
            "SELECT change_event.user_email FROM change_event WHERE change_event.change_date_time >= '2025-01-01' "
            "AND change_event.change_date_time <= '2026-03-02' LIMIT 10"
        ),
        "changeEventError",
        "START_DATE_TOO_OLD",
    ),
    (
        (
            "SELECT change_event.user_email FROM change_event WHERE change_event.change_date_time >= '2026-03-02' "
            "AND change_event.change_date_time <= '2026-03-01' LIMIT 10"
        ),
        "changeEventError",
        "CHANGE_DATE_RANGE_NEGATIVE",
    ),
]


@pytest.mark.parametrize(("query", "group", "code"), MEANING)
def test_a_query_that_google_would_refuse(api: Api, query: str, group: str, code: str) -> None:
    assert code_of(api.search(query)) == (400, group, code)


def test_a_manager_has_no_metrics(api: Api) -> None:
    answer = api.search("SELECT customer.id, metrics.clicks FROM customer", customer=MANAGER)
    assert code_of(answer) == (400, "queryError", "REQUESTED_METRICS_FOR_MANAGER")


def test_fields_come_in_camel_case_and_int64_as_text(api: Api) -> None:
    query = (
        "SELECT campaign.id, campaign_budget.amount_micros, campaign_budget.explicitly_shared FROM campaign "
        "WHERE campaign.name LIKE 'search | br_nd' AND campaign.status = ENABLED"
    )
    answer = api.search(query).json()
    assert answer["fieldMask"] == "campaign.id,campaignBudget.amountMicros,campaignBudget.explicitlyShared"
    (row,) = answer["results"]
    assert row["campaign"] == {
        "id": "21400000001",
        "resourceName": "customers/4441115551/campaigns/21400000001",
    }
    assert row["campaignBudget"]["explicitlyShared"] is False
    assert isinstance(row["campaignBudget"]["amountMicros"], str)
    (bare,) = api.rows(f"{query} PARAMETERS omit_unselected_resource_names = true")
    assert bare["campaign"] == {"id": "21400000001"}


def test_rows_are_ordered_and_limited(api: Api) -> None:
    rows = api.rows("SELECT campaign.id, campaign.name FROM campaign ORDER BY campaign.name DESC LIMIT 3")
    names = [row["campaign"]["name"] for row in rows]
    assert names == sorted(names, reverse=True)
    assert len(names) == 3


def test_the_unit_of_each_currency_is_told(api: Api) -> None:
    query = "SELECT currency_constant.code, currency_constant.billable_unit_micros FROM currency_constant"
    units = {
        r["currencyConstant"]["code"]: r["currencyConstant"]["billableUnitMicros"] for r in api.rows(query)
    }
    assert (units["USD"], units["JPY"], units["KWD"]) == ("10000", "1000000", "1000")


def test_an_account_behind_a_manager_needs_its_header(api: Api) -> None:
    query = "SELECT customer.currency_code, customer.time_zone FROM customer"
    assert code_of(api.search(query, customer=JP)) == (403, "authorizationError", "USER_PERMISSION_DENIED")
    (row,) = api.rows(query, customer=JP, login=MANAGER)
    assert (row["customer"]["currencyCode"], row["customer"]["timeZone"]) == ("JPY", "Asia/Tokyo")
    clients = api.rows(
        "SELECT customer_client.id, customer_client.level FROM customer_client", customer=MANAGER
    )
    assert {row["customerClient"]["id"]: row["customerClient"]["level"] for row in clients} == {
        MANAGER: "0",
        "4441115551": "1",
        JP: "1",
    }
