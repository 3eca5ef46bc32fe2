"""Custom audiences as TikTok's Streaming API takes and refuses them."""

from typing import Any

import pytest

from tests.factories.audiences import sha
from tests.sandbox_process import Sandbox, running_sandbox

US, HU = "7400000000000000701", "7400000000000000702"
EMAIL = "EMAIL_SHA256"


def make(sandbox: Sandbox, name: str, advertiser: str = US) -> dict[str, Any]:
    body = {"advertiser_id": advertiser, "action": "create", "custom_audience_name": name}
    answer: dict[str, Any] = sandbox.tiktok("POST", "segment/audience", **body).json()
    return answer


def user(value: str, *audiences: str) -> list[dict[str, Any]]:
    return [{"id": sha(value), "audience_ids": list(audiences)}]


def send(sandbox: Sandbox, users: Any, **other: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "advertiser_ids": [US],
        "action": "add",
        "id_schema": [EMAIL],
        "batch_data": users,
        **other,
    }
    answer: dict[str, Any] = sandbox.tiktok("POST", "segment/mapping", **body).json()
    return answer


def shown(sandbox: Sandbox, audience: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"advertiser_id": US, "custom_audience_ids": [audience]}
    [row] = sandbox.tiktok("GET", "dmp/custom_audience/list", **asked).json()["data"]["list"]
    return dict(row)


def entries(sandbox: Sandbox, audience: str) -> list[dict[str, str]]:
    members = sandbox.control("GET", f"tiktok/audiences/{audience}")["members"]
    return [one["entry"] for one in members]


def test_one_is_made_filled_emptied_and_deleted(sandbox: Sandbox) -> None:
    audience = make(sandbox, "Made by hand")["data"]["audience_id"]
    assert (shown(sandbox, audience)["is_valid"], shown(sandbox, audience)["cover_num"]) == (False, 0)
    assert send(sandbox, [user("a@example.com", audience), user("b@example.com", audience)])["code"] == 0
    assert send(sandbox, [user("a@example.com", audience)], action="delete")["code"] == 0
    assert entries(sandbox, audience) == [{EMAIL: sha("b@example.com")}]
    asked: dict[str, Any] = {"advertiser_id": US, "custom_audience_ids": [audience]}
    [detail] = sandbox.tiktok("GET", "dmp/custom_audience/get", **asked).json()["data"]["list"]
    assert detail["audience_details"] == shown(sandbox, audience)
    assert sandbox.tiktok("POST", "dmp/custom_audience/delete", **asked).json()["code"] == 0
    assert sandbox.tiktok("GET", "dmp/custom_audience/list", **asked).json()["data"]["list"] == []


def test_every_id_of_a_user_comes_and_goes_by_itself(sandbox: Sandbox) -> None:
    audience = make(sandbox, "By two kinds")["data"]["audience_id"]
    both = [*user("a@example.com", audience), *user("+16505551212", audience)]
    answer = send(sandbox, [both, [*user("b@example.com", audience), {}]], id_schema=[EMAIL, "PHONE_SHA256"])
    assert answer["code"] == 0
    assert send(sandbox, [user("a@example.com", audience)], action="delete")["code"] == 0
    assert {EMAIL: sha("b@example.com")} in entries(sandbox, audience)
    assert {"PHONE_SHA256": sha("+16505551212")} in entries(sandbox, audience)
    assert len(entries(sandbox, audience)) == 2


def test_a_long_name_is_cut_and_a_name_is_given_once(sandbox: Sandbox) -> None:
    audience = make(sandbox, "x" * 71)["data"]["audience_id"]
    assert shown(sandbox, audience)["name"] == "x" * 67 + "..."
    assert make(sandbox, "Once")["code"] == 0
    assert make(sandbox, "Once")["code"] == 40002


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"advertiser_ids": ["1"]}, "No permission"),
        ({"action": "replace"}, "action"),
        ({"id_schema": ["SHOE_SIZE"]}, "id_schema"),
        ({"id_schema": [EMAIL, EMAIL]}, "id_schema"),
        ({"batch_data": []}, "batch_data"),
        ({"batch_data": [[]]}, "as many IDs"),
        ({"batch_data": [[{"id": "x", "audience_ids": ["1"]}]]}, "EMAIL_SHA256"),
        ({"batch_data": [[{"id": sha("x")}]]}, "audience_ids"),
        ({"batch_data": [user("x", "1")]}, "does not exist"),
    ],
)
def test_what_cannot_be_taken_is_refused_whole(sandbox: Sandbox, change: dict[str, Any], said: str) -> None:
    audience = make(sandbox, f"Refuses {said} {len(str(change))}")["data"]["audience_id"]
    good = user("good@example.com", audience)
    users = change.get("batch_data")
    answer = send(
        sandbox,
        [good, *users] if users else users if users == [] else [good],
        **{name: value for name, value in change.items() if name != "batch_data"},
    )
    assert answer["code"] in {40001, 40002}
    assert said in answer["message"]
    assert entries(sandbox, audience) == []


def test_another_advertisers_audience_takes_nobody(sandbox: Sandbox) -> None:
    audience = make(sandbox, "Theirs", HU)["data"]["audience_id"]
    assert send(sandbox, [user("a@example.com", audience)])["code"] == 40002
    assert entries(sandbox, audience) == []


def test_who_may_only_read_makes_none(sandbox: Sandbox) -> None:
    token = sandbox.tiktok_facts["read_only_token"]
    body = {"advertiser_id": US, "custom_audience_name": "x"}
    assert sandbox.tiktok("POST", "segment/audience", token=token, **body).json()["code"] == 40001


def test_files_and_rules_are_not_emulated(sandbox: Sandbox) -> None:
    for path in ("dmp/custom_audience/create", "dmp/custom_audience/rule/create"):
        assert sandbox.tiktok("POST", path, advertiser_id=US).json()["code"] == 40007


def test_what_is_in_outlives_a_restart(tmp_path: Any) -> None:
    arguments = ("--history", "2", "--data", str(tmp_path))
    with running_sandbox(*arguments) as first:
        audience = make(first, "Kept")["data"]["audience_id"]
        send(first, [user("a@example.com", audience)])
    with running_sandbox(*arguments) as second:
        assert entries(second, audience) == [{EMAIL: sha("a@example.com")}]
        assert make(second, "Another")["data"]["audience_id"] != audience
