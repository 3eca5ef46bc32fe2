"""Whatever a client sends, Meta's side of the sandbox answers in Meta's words: it never fails itself."""

import pytest

from tests.sandbox_process import US_ACCOUNT, US_PIXEL, Sandbox

GARBAGE = (
    "",
    "[",
    "[1]",
    "{}",
    "null",
    "-1",
    "²",
    "a{",
    "a.b(",
    '{"a":1}',
    "[{}]",
    "[[1]]",
    "\x00",
    "é",
    "1e400",
)
NODE = "120210000010100001"
READS = {
    f"{US_ACCOUNT}/campaigns": (
        "fields",
        "limit",
        "after",
        "before",
        "filtering",
        "effective_status",
        "summary",
    ),
    f"{US_ACCOUNT}/insights": ("fields", "time_range", "time_increment", "level", "filtering", "breakdowns"),
    f"{US_ACCOUNT}/activities": ("since", "until", "category", "fields"),
    f"{US_PIXEL}/stats": ("start_time", "end_time"),
    "dataset_quality": ("dataset_id", "fields"),
    "debug_token": ("input_token", "access_token"),
    "oauth/access_token": ("code", "client_secret", "client_id"),
    "me": ("appsecret_proof", "access_token"),
}
WRITES = {
    f"{US_PIXEL}/events": ("data",),
    "": ("batch",),
    NODE: ("daily_budget", "status", "execution_options"),
    US_ACCOUNT: ("spend_cap", "spend_cap_action"),
    f"{US_ACCOUNT}/adsets": ("campaign_id", "targeting"),
}


@pytest.mark.parametrize("path", READS)
def test_garbage_that_is_read_with_is_refused_or_ignored(sandbox: Sandbox, path: str) -> None:
    statuses = {
        (name, text): sandbox.graph("GET", path, **{name: text}).status_code
        for name in READS[path]
        for text in GARBAGE
    }
    assert {key: status for key, status in statuses.items() if status not in {200, 400, 401}} == {}


@pytest.mark.parametrize("path", WRITES)
def test_garbage_that_is_written_changes_nothing(sandbox: Sandbox, path: str) -> None:
    fields = "name,status,daily_budget,updated_time"
    before = sandbox.graph("GET", NODE, fields=fields).json()
    for name in WRITES[path]:
        for text in GARBAGE:
            answer = sandbox.graph("POST", path, **{name: text})
            assert answer.status_code in {200, 400}, (name, text, answer.text)
    assert sandbox.graph("GET", NODE, fields=fields).json() == before
