"""TikTok's change log: its odd spelling is read, whatever is in it, and what is none is told as none."""

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.tiktok.changes import NotALog, edits

HEAD = ["Time", "log_object_type", "Object ID", "Object", "Operator", "Source", "App ID", "Activity details"]


def file(*rows: list[str]) -> str:
    out = io.StringIO()
    out.write("Budget changes,1\r\nBid changes,0\r\n\r\n")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(rows)
    return out.getvalue()


def downloaded(text: str) -> str:
    """As TikTok gives a file: Python's spelling of its bytes, in JSON."""
    return json.dumps({"file_data": repr(text.encode()), "file_name": "log.csv"})


def row(**facts: str) -> list[str]:
    known = {
        "Time": "2026-03-02 10:30", "log_object_type": "Campaign", "Object ID": "18", "Object": "Budget & Schedule",
        "Operator": "Dana Reyes", "Source": "TikTok Ads Manager", "App ID": "",
        "Activity details": json.dumps(
            [{"action": "Change ", "name": "Budget", "before_after": [{"before": "b'50.00 USD'", "after": "b'60'"}]}]
        ),
    }  # fmt: skip
    return [(known | facts)[name] for name in HEAD]


def test_an_entry_is_read_with_its_hour_its_author_and_its_change() -> None:
    (edit,) = edits(downloaded(file(row())), "America/New_York")
    assert edit.at == datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    assert (edit.entity_type, edit.entity, edit.event_type) == ("campaign", "18", "change_budget")
    assert (edit.actor_name, edit.application_id, edit.renames) == ("Dana Reyes", None, False)
    (change,) = edit.detail["changes"]
    assert change["before_after"] == [{"before": "50.00 USD", "after": "60"}]


def test_what_was_named_anew_with_something_else_or_without_details_is_no_mere_rename() -> None:
    name, budget = {"action": "Change ", "name": "Name"}, {"action": "Change ", "name": "Budget"}
    told = [json.dumps([name]), json.dumps([name, budget]), "[]"]
    found = edits(downloaded(file(*(row(**{"Activity details": each}) for each in told))), "UTC")
    assert [each.renames for each in found] == [True, False, False]


def test_an_apps_edit_bears_its_id_and_a_persons_none() -> None:
    ours = row(Source="Marketing API", **{"App ID": "73", "log_object_type": "Ad group"})
    by_app, by_person = edits(downloaded(file(ours, row(**{"App ID": "99"}))), "UTC")
    assert (by_app.application_id, by_app.entity_type) == ("73", "ad_set")
    assert by_person.application_id is None


def test_two_alike_in_a_minute_are_two_and_the_same_file_again_is_the_same() -> None:
    text = downloaded(file(row(), row()))
    first, again = edits(text, "UTC"), edits(text, "UTC")
    assert len({one.fingerprint for one in first}) == 2
    assert [one.fingerprint for one in first] == [one.fingerprint for one in again]


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", '{"file_data": 1}', "{'file_data'", "[" * 5_000, "b'x'"]
)
def test_what_is_no_log_is_told_as_none(text: str) -> None:
    with pytest.raises(NotALog):
        edits(text, "UTC")


def test_a_log_without_entries_holds_none() -> None:
    assert edits(downloaded(file()), "UTC") == []
    assert edits(downloaded("Budget changes,0\r\n"), "UTC") == []


def test_an_entry_without_a_time_is_told() -> None:
    with pytest.raises(NotALog, match="no time"):
        edits(downloaded(file(row(Time="yesterday"))), "UTC")


plain = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=30
).map(str.strip)


@given(name=plain.filter(bool), details=st.text(max_size=40))
def test_any_name_comes_through_the_spelling_and_any_details_are_survived(name: str, details: str) -> None:
    (edit,) = edits(
        downloaded(file(row(Operator=name, **{"Activity details": details.replace("\x00", "")}))), "UTC"
    )[:1]
    assert edit.actor_name == name


@given(text=st.text(max_size=80))
def test_any_text_is_a_log_or_none(text: str) -> None:
    for attempt in (text, downloaded(text.encode(errors="ignore").decode())):
        with suppress(NotALog):
            edits(attempt, "UTC")
