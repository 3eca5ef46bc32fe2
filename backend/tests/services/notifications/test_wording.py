import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import uuid7
from app.models.notifications.kinds import NotificationKind, NotificationSubject
from app.services.notifications.channels.rules import Item, mail
from app.services.notifications.slack.blocks_rules import blocks, fallback
from app.services.notifications.slack.ports import SlackButton, SlackMessage
from app.services.notifications.wording_rules import plain, subject_line, worded

FACTS = {
    "sentence": "The pixel sends nothing",
    "mend": "Look at the tag",
    "change": "Daily budget 100 → 120 USD",
    "entity": "Prospecting",
    "reason": "It sells",
    "note": "Raises need approval.",
    "platform": "Meta",
    "code": "meta.190",
    "turned": "on",
    "by": "ada@acme.example",
    "effect": "Nothing leaves.",
    "task": "integrations.sync_account",
    "error": "MetaDown: no answer",
    "rule": "Stop loss",
    "whose": "The whole company",
    "unreached": "Northwind EU",
    "campaigns": "Prospecting",
}
LURE = (
    "Claim at https://evil.example/win or www.evil.example\r\nBcc: x@y.example <!channel>\u202e" + "!" * 900
)


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_is_worded_from_its_facts(kind: NotificationKind) -> None:
    said = worded(kind, FACTS, subject=NotificationSubject.INCIDENT, subject_id=uuid7())
    assert said.lines
    assert "{" not in said.title + said.text


@pytest.mark.parametrize("kind", NotificationKind)
def test_what_is_not_known_is_left_out_and_not_made_up(kind: NotificationKind) -> None:
    said = worded(kind, {}, subject=NotificationSubject.KILL_SWITCH, subject_id=None)
    assert said.title
    assert "{" not in said.title + said.text
    assert "None" not in said.title + said.text


@pytest.mark.parametrize("kind", NotificationKind)
def test_nobodys_words_become_a_link_a_header_or_a_call(kind: NotificationKind) -> None:
    said = worded(kind, dict.fromkeys(FACTS, LURE), subject=NotificationSubject.INCIDENT, subject_id=uuid7())
    subject = subject_line("Acme\r\nBcc: x@y.example", "critical", said.title)
    for text in (said.title, subject, *said.lines):
        for part in ("://", "evil.example", "@", "<", ">", "\u202e", "\r", "\n"):
            assert part not in text
        assert len(text) <= 400


@given(st.text())
def test_plain_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert not re.search(r"[\r\n@<>]|//", once)
    assert plain(once) == once


def test_a_colleague_is_named_by_their_address() -> None:
    said = worded(
        NotificationKind.KILL_SWITCH_CHANGED, FACTS, subject=NotificationSubject.KILL_SWITCH, subject_id=None
    )
    assert said.lines[0] == "ada@acme.example turned it on: It sells"


def test_a_repeat_says_how_often() -> None:
    said = worded(
        NotificationKind.DEAD_LETTER,
        FACTS,
        subject=NotificationSubject.DEAD_LETTER,
        subject_id=None,
        times=12,
    )
    assert "It happened 12 times." in said.lines


def test_several_things_are_one_mail_with_a_list() -> None:
    said = worded(
        NotificationKind.INCIDENT_OPENED, FACTS, subject=NotificationSubject.INCIDENT, subject_id=uuid7()
    )
    one = Item(said, "warning", "https://s.example/trust")
    subject, text = mail("Acme", [one, one], "https://s.example/p")
    assert subject == "[Acme] 2 notifications"
    assert "1. Incident" in text
    assert "2. Incident" in text


def test_slack_gets_plain_text_within_its_limits() -> None:
    button = SlackButton("Approve…", "https://s.example/act?token=t")
    message = SlackMessage("T" * 200, ["<!channel> & *bold*" * 300], "Acme", [button])
    made = blocks(message)
    texts = [made[0]["text"], made[1]["text"], made[2]["elements"][0]]
    assert {each["type"] for each in texts} == {"plain_text"}
    assert (len(texts[0]["text"]), len(texts[1]["text"])) == (150, 3_000)
    assert made[3]["elements"][0]["url"] == button.url
    assert fallback(SlackMessage("a <!here> & b", [], "")) == "a &lt;!here&gt; &amp; b"
