"""Customer lists as Snapchat's Marketing API takes and refuses them."""

from typing import Any

import pytest

from tests.factories.audiences import sha
from tests.factories.snapchat import KW_ACCOUNT, US_ACCOUNT
from tests.sandbox_process import Sandbox, running_sandbox

EMAIL, PHONE = "EMAIL_SHA256", "PHONE_SHA256"
GOOD = {
    "name": "Buyers",
    "description": "Who bought",
    "source_type": "FIRST_PARTY",
    "retention_in_days": 9999,
    "ad_account_id": US_ACCOUNT,
}


def make(sandbox: Sandbox, **change: Any) -> Any:
    body = {"segments": [{**GOOD, **change}]}
    return sandbox.snapchat("POST", f"adaccounts/{US_ACCOUNT}/segments", json=body)


@pytest.fixture
def segment(sandbox: Sandbox) -> str:
    return str(make(sandbox).json()["segments"][0]["segment"]["id"])


def users(schema: str, *values: str) -> dict[str, Any]:
    return {"users": [{"schema": [schema], "data": [[each] for each in values]}]}


def entries(sandbox: Sandbox, segment: str) -> list[dict[str, str]]:
    members = sandbox.control("GET", f"snapchat/audiences/{segment}")["members"]
    return sorted((one["entry"] for one in members), key=str)


def test_one_is_made_listed_read_and_deleted(sandbox: Sandbox, segment: str) -> None:
    [read] = sandbox.snapchat("GET", f"segments/{segment}").json()["segments"]
    shown = read["segment"]
    assert (shown["name"], shown["ad_account_id"], shown["retention_in_days"]) == ("Buyers", US_ACCOUNT, 9999)
    assert (shown["upload_status"], shown["targetable_status"]) == ("NO_UPLOAD", "NOT_READY")
    listed = sandbox.snapchat("GET", f"adaccounts/{US_ACCOUNT}/segments", limit="1000").json()["segments"]
    assert shown in [each["segment"] for each in listed]
    others = sandbox.snapchat("GET", f"adaccounts/{KW_ACCOUNT}/segments").json()["segments"]
    assert shown not in [each["segment"] for each in others]
    assert sandbox.snapchat("DELETE", f"segments/{segment}").status_code == 200
    answer = sandbox.snapchat("GET", f"segments/{segment}")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "E3003")


def test_people_come_and_go_by_one_kind_at_a_time(sandbox: Sandbox, segment: str) -> None:
    path = f"segments/{segment}/users"
    answer = sandbox.snapchat("POST", path, json=users(EMAIL, sha("a"), sha("b"), "nonsense")).json()
    assert answer["users"] == [{"sub_request_status": "SUCCESS", "user": {"number_uploaded_users": 2}}]
    sandbox.snapchat("POST", path, json=users(PHONE, sha("1")))
    assert sandbox.snapchat("DELETE", path, json=users(EMAIL, sha("b"), sha("c"))).status_code == 200
    assert entries(sandbox, segment) == [{EMAIL: sha("a")}, {PHONE: sha("1")}]
    assert sandbox.snapchat("DELETE", f"segments/{segment}/all_users").status_code == 200
    assert entries(sandbox, segment) == []


def test_an_upload_is_matched_a_day_later(sandbox: Sandbox, segment: str) -> None:
    people = sandbox.control("GET", "truth/people", params={"limit": 4_000})["people"]
    body = users(EMAIL, *[sha(one["email"]) for one in people])
    sandbox.snapchat("POST", f"segments/{segment}/users", json=body)

    def told() -> tuple[str, str, int]:
        [read] = sandbox.snapchat("GET", f"segments/{segment}").json()["segments"]
        names = ("upload_status", "targetable_status", "approximate_number_users")
        one, two, three = (read["segment"][name] for name in names)
        return one, two, three

    assert told() == ("PROCESSING", "NOT_READY", 0)
    sandbox.advance(25)
    upload, targetable, size = told()
    truly = sandbox.control("GET", f"snapchat/audiences/{segment}")["matched"]
    assert (upload, targetable) == ("COMPLETE", "READY")
    assert size <= truly < size + 100
    assert 0.3 < truly / 4_000 < 0.5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name"),
        ({"source_type": "PIXEL"}, "source_type"),
        ({"retention_in_days": 10_000}, "retention_in_days"),
        ({"ad_account_id": KW_ACCOUNT}, "ad_account_id"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_made_says_why(sandbox: Sandbox, change: dict[str, Any], said: str) -> None:
    answer = make(sandbox, **change)
    assert answer.status_code == 400
    assert said in answer.json()["segments"][0]["sub_request_error_reason"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "users"),
        ({"users": []}, "users"),
        ({"users": [{"schema": [EMAIL, PHONE], "data": [["a", "b"]]}]}, "schema"),
        ({"users": [{"schema": ["SHOE_SIZE"], "data": [["a"]]}]}, "schema"),
        ({"users": [{"schema": [EMAIL], "data": []}]}, "data"),
        ({"users": [{"schema": [EMAIL], "data": [["a"]] * 100_001}]}, "100000"),
    ],
)
def test_an_upload_that_is_none_is_refused(
    sandbox: Sandbox, segment: str, body: dict[str, Any], said: str
) -> None:
    answer = sandbox.snapchat("POST", f"segments/{segment}/users", json=body)
    assert answer.status_code == 400
    assert said in answer.text


def test_what_is_in_outlives_a_restart(tmp_path: Any) -> None:
    arguments = ("--history", "2", "--data", str(tmp_path))
    with running_sandbox(*arguments) as first:
        segment = str(make(first).json()["segments"][0]["segment"]["id"])
        first.snapchat("POST", f"segments/{segment}/users", json=users(EMAIL, sha("a")))
    with running_sandbox(*arguments) as second:
        assert entries(second, segment) == [{EMAIL: sha("a")}]
