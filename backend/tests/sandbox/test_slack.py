"""Slack's own SDK, unmodified, against the sandbox."""

import json
from collections.abc import AsyncIterator

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox_process import HTTP, Sandbox

ALERTS, GENERAL, ARCHIVED, BOARD = "C0ALERTS01", "C0GENERAL1", "C0OLDCAMP1", "C0BOARD001"


def client_of(sandbox: Sandbox, token: str | None = None) -> AsyncWebClient:
    found = token or sandbox.control("GET", "slack")["bot_token"]
    return AsyncWebClient(token=found, base_url=f"{sandbox.url}/slack/api/", timeout=10, retry_handlers=[])


@pytest.fixture
async def slack(sandbox: Sandbox) -> AsyncIterator[AsyncWebClient]:
    sandbox.control("DELETE", "slack/messages")
    yield client_of(sandbox)
    sandbox.control("POST", "slack/tokens", json={"action": "restore"})
    sandbox.control("DELETE", "slack/quota")
    sandbox.repair()


async def refused(call: object) -> tuple[int, str]:
    with pytest.raises(SlackApiError) as caught:
        await call  # type: ignore[misc]
    return caught.value.response.status_code, caught.value.response["error"]


async def test_whose_token_it_is(slack: AsyncWebClient) -> None:
    said = await slack.auth_test()
    assert (said["ok"], said["team"], said["team_id"], said["bot_id"]) == (
        True,
        "Northwind",
        "T0NORTHWND",
        "B0STRATUM1",
    )


async def test_the_sdk_walks_all_pages_of_channels(slack: AsyncWebClient) -> None:
    names: list[str] = []
    pages = 0
    async for page in await slack.conversations_list(limit=2, types="public_channel,private_channel"):
        names += [each["name"] for each in page["channels"]]
        pages += 1
    assert pages == 3
    assert names == ["general", "growth-alerts", "ad-ops", "random", "old-campaigns", "finance"]
    assert "board" not in names, "a private channel that the bot is not in does not exist for it"


async def test_types_and_archived_ones_are_chosen(slack: AsyncWebClient) -> None:
    private = await slack.conversations_list(types="private_channel")
    assert [each["name"] for each in private["channels"]] == ["finance"]
    live = await slack.conversations_list(exclude_archived=True)
    assert "old-campaigns" not in [each["name"] for each in live["channels"]]
    assert await refused(slack.conversations_list(types="gossip")) == (200, "invalid_types")
    assert await refused(slack.conversations_list(limit=5_000)) == (200, "invalid_limit")
    assert await refused(slack.conversations_list(cursor="bm9uc2Vuc2U=")) == (200, "invalid_cursor")


async def test_a_message_is_posted_and_changed(sandbox: Sandbox, slack: AsyncWebClient) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Incident"}}]
    said = await slack.chat_postMessage(channel=ALERTS, text="Incident", blocks=blocks)
    assert (said["channel"], said["message"]["text"]) == (ALERTS, "Incident")
    changed = await slack.chat_update(channel=ALERTS, ts=said["ts"], text="Closed", blocks=[])
    assert (changed["ts"], changed["text"]) == (said["ts"], "Closed")
    [kept] = sandbox.control("GET", "slack/messages")
    assert (kept["text"], kept["ts"], kept["edited"]["user"]) == ("Closed", said["ts"], "U0STRATUM1")


async def test_each_message_has_a_name_of_its_own(slack: AsyncWebClient) -> None:
    names = {(await slack.chat_postMessage(channel=ALERTS, text=str(n)))["ts"] for n in range(10)}
    assert len(names) == 10


async def test_what_slack_refuses_is_refused_in_its_words_in_a_200(slack: AsyncWebClient) -> None:
    post = slack.chat_postMessage
    assert await refused(post(channel="C0NOWHERE1", text="x")) == (200, "channel_not_found")
    assert await refused(post(channel=BOARD, text="x")) == (200, "channel_not_found")
    assert await refused(post(channel=GENERAL, text="x")) == (200, "not_in_channel")
    assert await refused(post(channel=ARCHIVED, text="x")) == (200, "is_archived")
    with pytest.warns(UserWarning, match="text"):
        assert await refused(post(channel=ALERTS, text="")) == (200, "no_text")
    assert await refused(post(channel=ALERTS, text="x" * 40_001)) == (200, "msg_too_long")
    long = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    assert await refused(post(channel=ALERTS, text="x", blocks=long)) == (200, "invalid_blocks")
    assert await refused(slack.chat_update(channel=ALERTS, ts="1.000000", text="x")) == (
        200,
        "message_not_found",
    )


async def test_what_is_not_emulated_is_no_invented_success(slack: AsyncWebClient) -> None:
    assert await refused(slack.users_list()) == (200, "unknown_method")
    assert await refused(slack.conversations_join(channel=GENERAL)) == (200, "unknown_method")
    unknown = [{"type": "video", "title": {"type": "plain_text", "text": "x"}}]
    call = slack.chat_postMessage(channel=ALERTS, text="x", blocks=unknown)
    assert await refused(call) == (200, "invalid_blocks")


async def test_tokens_end_and_lack_scopes(sandbox: Sandbox, slack: AsyncWebClient) -> None:
    assert await refused(client_of(sandbox, "xoxb-nobody").auth_test()) == (200, "invalid_auth")
    writer = client_of(sandbox, sandbox.control("GET", "slack")["writer_token"])
    assert (await writer.chat_postMessage(channel=ALERTS, text="x"))["ok"]
    with pytest.raises(SlackApiError) as caught:
        await writer.conversations_list()
    assert caught.value.response["error"] == "missing_scope"
    assert (caught.value.response["needed"], caught.value.response["provided"]) == (
        "channels:read",
        "chat:write",
    )
    for action, code in (
        ("expire", "token_expired"),
        ("uninstall", "account_inactive"),
        ("revoke", "token_revoked"),
    ):
        sandbox.control("POST", "slack/tokens", json={"action": action})
        assert await refused(slack.auth_test()) == (200, code)
    without = HTTP.post(f"{sandbox.url}/slack/api/auth.test")
    assert (without.status_code, without.json()) == (200, {"ok": False, "error": "not_authed"})


async def test_too_many_messages_in_a_channel_are_a_429_that_says_how_long(
    sandbox: Sandbox, slack: AsyncWebClient
) -> None:
    sandbox.control("POST", "slack/quota", json={"method": "chat.postMessage", "per_minute": 2})
    for _ in range(2):
        await slack.chat_postMessage(channel="C0ADOPS001", text="x")
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel="C0ADOPS001", text="x")
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert (await slack.chat_postMessage(channel="C0FINANCE1", text="x"))["ok"], "each channel has its own"


async def test_the_sdks_own_patience_works(sandbox: Sandbox, slack: AsyncWebClient) -> None:
    slack.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    fault = {"kind": "rate_limit", "vendor": "slack", "path": "/chat.postMessage", "count": 1, "seconds": 1}
    sandbox.control("POST", "faults", json=fault)
    assert (await slack.chat_postMessage(channel=ALERTS, text="x"))["ok"]
    assert len(sandbox.control("GET", "slack/messages")) == 1


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("server_error", 500, "internal_error"), ("token_revoked", 200, "token_revoked")],
)
async def test_ordered_faults_speak_slacks_words(
    sandbox: Sandbox, slack: AsyncWebClient, kind: str, status: int, code: str
) -> None:
    sandbox.control(
        "POST", "faults", json={"kind": kind, "vendor": "slack", "path": "/api/auth.test", "count": 1}
    )
    assert await refused(slack.auth_test()) == (status, code)
    assert (await slack.auth_test())["ok"]


async def test_a_form_works_as_json_does_and_a_broken_body_is_refused(
    sandbox: Sandbox, slack: AsyncWebClient
) -> None:
    url, headers = f"{sandbox.url}/slack/api/chat.postMessage", {"Authorization": f"Bearer {slack.token}"}
    form = {"channel": "#growth-alerts", "text": "x", "blocks": json.dumps([{"type": "divider"}])}
    assert HTTP.post(url, data=form, headers=headers).json()["ok"] is True
    as_json = {**headers, "Content-Type": "application/json"}
    for content, code in (
        (b"{", "invalid_json"),
        (b"[1]", "json_not_object"),
        (b"[" * 99_999, "invalid_json"),
    ):
        assert HTTP.post(url, content=content, headers=as_json).json()["error"] == code
    odd = {"channel": {"id": 1}, "text": ["x"]}
    assert HTTP.post(url, json=odd, headers=headers).json()["error"] == "invalid_arguments"


async def test_people_see_what_was_posted_and_nothing_runs(sandbox: Sandbox, slack: AsyncWebClient) -> None:
    await slack.chat_postMessage(channel=ALERTS, text="<script>alert(1)</script>")
    seen = HTTP.get(f"{sandbox.url}/slack/messages").text
    assert "#growth-alerts" in seen
    assert "<script>" not in seen
