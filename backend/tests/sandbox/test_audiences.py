"""Custom audiences, spoken to by the vendor's own client: filled, emptied, replaced, refused, counted late."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.sandbox_process import US_ACCOUNT, Sandbox, running_sandbox

EMAIL = CustomAudience.Schema.MultiKeySchema.email
PHONE = CustomAudience.Schema.MultiKeySchema.phone


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A world of its own, whose clock these tests move."""
    with running_sandbox("--seed", "7", "--start", "2026-03-02T15:00:00+00:00", "--history", "2") as running:
        yield running


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[FacebookAdsApi]:
    vendor = FacebookSession.GRAPH
    FacebookSession.GRAPH = sandbox.url
    api = FacebookAdsApi.init(access_token=sandbox.meta_token, crash_log=False)
    yield api
    api._session.requests.close()
    FacebookAdsApi.set_default_api(None)
    FacebookSession.GRAPH = vendor


@pytest.fixture
def audience(sdk: FacebookAdsApi) -> CustomAudience:
    made: CustomAudience = AdAccount(US_ACCOUNT, api=sdk).create_custom_audience(
        params={
            "name": "Buyers",
            "subtype": CustomAudience.Subtype.custom,
            "description": "Who bought",
            "customer_file_source": CustomAudience.CustomerFileSource.user_provided_only,
        }
    )
    return made


def sha(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def inside(sandbox: Sandbox, audience: CustomAudience) -> set[str]:
    members = sandbox.control("GET", f"meta/audiences/{audience['id']}")["members"]
    return {one["entry"]["EMAIL"] for one in members}


def people(sandbox: Sandbox, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.control("GET", "truth/people", params={"limit": count})["people"]
    return found


def test_an_audience_is_made_listed_read_and_deleted(sdk: FacebookAdsApi, audience: CustomAudience) -> None:
    listed = AdAccount(US_ACCOUNT, api=sdk).get_custom_audiences(fields=["name", "operation_status"])
    assert audience["id"] in {one["id"] for one in listed}
    read = CustomAudience(audience["id"], api=sdk).api_get(
        fields=["name", "account_id", "approximate_count_lower_bound", "operation_status", "delivery_status"]
    )
    assert (read["name"], read["account_id"]) == ("Buyers", US_ACCOUNT.removeprefix("act_"))
    assert read["approximate_count_lower_bound"] == -1
    assert read["operation_status"]["code"] == 410
    assert read["delivery_status"]["code"] == 300
    CustomAudience(audience["id"], api=sdk).api_delete()
    with pytest.raises(FacebookRequestError) as gone:
        CustomAudience(audience["id"], api=sdk).api_get(fields=["name"])
    assert (gone.value.api_error_code(), gone.value.api_error_subcode()) == (100, 33)


def test_users_are_added_once_and_removed_by_any_of_their_identifiers(
    sandbox: Sandbox, audience: CustomAudience
) -> None:
    rows = [[sha("ava@example.com"), sha("12015550001")], [sha("noah@example.com"), sha("12015550002")]]
    for _ in range(2):
        answer = audience.add_users([EMAIL, PHONE], rows, is_raw=True, pre_hashed=True).json()
        assert (answer["num_received"], answer["num_invalid_entries"]) == (2, 0)
        assert answer["audience_id"] == audience["id"]
    assert inside(sandbox, audience) == {sha("ava@example.com"), sha("noah@example.com")}
    audience.remove_users([PHONE], [[sha("12015550001")]], is_raw=True, pre_hashed=True)
    assert inside(sandbox, audience) == {sha("noah@example.com")}
    audience.remove_users(
        CustomAudience.Schema.email_hash, [sha("noah@example.com"), sha("nobody@x.y")], pre_hashed=True
    )
    assert inside(sandbox, audience) == set()


def test_the_sdks_own_hashes_are_taken(sandbox: Sandbox, audience: CustomAudience) -> None:
    audience.add_users(CustomAudience.Schema.email_hash, ["  Ava@Example.COM "])
    assert inside(sandbox, audience) == {sha("ava@example.com")}


def test_what_is_no_hash_is_counted_and_shown_and_the_rest_is_taken(
    sandbox: Sandbox, audience: CustomAudience
) -> None:
    rows = [[sha("ava@example.com")], ["noah@example.com"], [""]]
    answer = audience.add_users([EMAIL], rows, is_raw=True, pre_hashed=True).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (3, 2)
    assert answer["invalid_entry_samples"].keys() == {"1", "2"}
    assert inside(sandbox, audience) == {sha("ava@example.com")}


def test_a_replacement_shows_with_its_last_batch(sandbox: Sandbox, audience: CustomAudience) -> None:
    def replace(emails: list[str], batch: int, *, last: bool) -> None:
        session = {"session_id": 71, "batch_seq": batch, "last_batch_flag": last, "estimated_num_total": 2}
        payload = {"schema": ["EMAIL"], "data": [[sha(one)] for one in emails]}
        audience.create_users_replace(params={"session": session, "payload": payload})

    audience.add_users([EMAIL], [[sha("old@example.com")]], is_raw=True, pre_hashed=True)
    replace(["a@example.com"], 1, last=False)
    assert inside(sandbox, audience) == {sha("old@example.com")}
    with pytest.raises(FacebookRequestError) as busy:
        audience.create_users_replace(
            params={
                "session": {"session_id": 72, "batch_seq": 1, "last_batch_flag": True},
                "payload": {"schema": ["EMAIL"], "data": [[sha("x@example.com")]]},
            }
        )
    assert (busy.value.api_error_code(), busy.value.api_error_subcode()) == (2650, 1870145)
    replace(["a@example.com"], 1, last=False)  # it came twice: no harm
    replace(["b@example.com"], 2, last=True)
    assert inside(sandbox, audience) == {sha("a@example.com"), sha("b@example.com")}


def test_a_replacement_out_of_order_or_too_slow_is_refused(
    sandbox: Sandbox, audience: CustomAudience
) -> None:
    def replace(session: int, batch: int) -> None:
        audience.create_users_replace(
            params={
                "session": {"session_id": session, "batch_seq": batch, "last_batch_flag": False},
                "payload": {"schema": ["EMAIL"], "data": [[sha("a@example.com")]]},
            }
        )

    replace(81, 1)
    with pytest.raises(FacebookRequestError) as skipped:
        replace(81, 3)
    assert skipped.value.api_error_subcode() == 1870147
    replace(82, 1)
    sandbox.advance(2)
    with pytest.raises(FacebookRequestError) as late:
        replace(82, 2)
    assert late.value.api_error_subcode() == 1870158
    assert inside(sandbox, audience) == set()


def test_counts_are_known_an_hour_later_and_count_whom_the_platform_knows(
    sandbox: Sandbox, sdk: FacebookAdsApi, audience: CustomAudience
) -> None:
    rows = [[sha(one["email"])] for one in people(sandbox, 4_000)]
    rows += [[sha(f"stranger{n}@nowhere.example")] for n in range(1_000)]
    session = {"session_id": 5, "batch_seq": 1, "last_batch_flag": True, "estimated_num_total": len(rows)}
    audience.add_users([EMAIL], rows, is_raw=True, pre_hashed=True, session=session)
    fields = ["approximate_count_lower_bound", "approximate_count_upper_bound", "operation_status"]
    read = CustomAudience(audience["id"], api=sdk).api_get(fields=fields)
    assert (read["approximate_count_lower_bound"], read["operation_status"]["code"]) == (-1, 441)
    [at_once] = CustomAudience(audience["id"], api=sdk).get_sessions()
    assert (at_once["num_received"], at_once["stage"]) == ("5000", "PROCESSING")
    assert "num_matched" not in at_once
    sandbox.advance(1.1)
    read = CustomAudience(audience["id"], api=sdk).api_get(fields=fields)
    truly = sandbox.control("GET", f"meta/audiences/{audience['id']}")["matched"]
    assert read["approximate_count_lower_bound"] <= truly <= read["approximate_count_upper_bound"]
    assert read["operation_status"]["code"] == 200
    [later] = CustomAudience(audience["id"], api=sdk).get_sessions()
    assert later["num_matched"] == str(truly)
    assert 0.5 < truly / 4_000 < 0.8


def test_without_the_terms_nothing_is_uploaded(sandbox: Sandbox, audience: CustomAudience) -> None:
    sandbox.control("POST", "meta/audience-terms", json={"accepted": False})
    try:
        with pytest.raises(FacebookRequestError) as refused:
            audience.add_users([EMAIL], [[sha("a@example.com")]], is_raw=True, pre_hashed=True)
    finally:
        sandbox.control("POST", "meta/audience-terms", json={"accepted": True})
    assert (refused.value.api_error_code(), refused.value.api_error_subcode()) == (200, 1870090)
    assert "Custom Audience terms" in refused.value.body()["error"]["error_user_msg"]
    assert inside(sandbox, audience) == set()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"name": "x"}, "subtype is required"),
        ({"name": "x", "subtype": "CUSTOM"}, "Missing parameter(s): customer_file_source"),
        ({"name": "x", "subtype": "LOOKALIKE", "lookalike_spec": "{}"}, "not supported"),
    ],
)
def test_what_cannot_be_made_is_refused_in_metas_words(
    sandbox: Sandbox, params: dict[str, str], said: str
) -> None:
    answer = sandbox.graph("POST", f"{US_ACCOUNT}/customaudiences", **params)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("", 100),
        ("[]", 100),
        ('{"schema": "EMAIL", "data": []}', 100),
        ('{"schema": ["NONSENSE"], "data": [["x"]]}', 100),
        ('{"schema": ["EMAIL", "EMAIL"], "data": [["x", "y"]]}', 100),
        ('{"schema": {"a": 1}, "data": [["x"]]}', 100),
        (json.dumps({"schema": ["EMAIL"], "data": [[sha("x")]] * 10_001}), 105),
    ],
)
def test_a_payload_that_is_none_is_refused(
    sandbox: Sandbox, audience: CustomAudience, payload: str, code: int
) -> None:
    answer = sandbox.graph("POST", f"{audience['id']}/users", payload=payload)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_who_may_only_read_fills_no_audience(sandbox: Sandbox, audience: CustomAudience) -> None:
    payload = json.dumps({"schema": ["EMAIL"], "data": [[sha("a@example.com")]]})
    answer = sandbox.graph(
        "POST", f"{audience['id']}/users", payload=payload, access_token=sandbox.read_only_token
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 200)


def test_an_audience_outlives_a_restart(tmp_path: Any) -> None:
    arguments = ("--history", "2", "--data", str(tmp_path))
    with running_sandbox(*arguments) as first:
        params = {"name": "Kept", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        made = first.graph("POST", f"{US_ACCOUNT}/customaudiences", **params).json()["id"]
        payload = json.dumps({"schema": "EMAIL_SHA256", "data": [sha("a@example.com")]})
        first.graph("POST", f"{made}/users", payload=payload)
    with running_sandbox(*arguments) as second:
        assert second.control("GET", f"meta/audiences/{made}")["entries"] == 1
