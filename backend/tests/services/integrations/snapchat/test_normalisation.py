"""People's identifiers take Snapchat's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.snapchat.normalisation import FIELDS, user_data


@given(value=st.text(max_size=60), country=st.sampled_from(["", "US", "HU", "Elbonia"]))
def test_any_text_is_hashed_whole_or_left_out(value: str, country: str) -> None:
    for ours, field in FIELDS.items():
        found = user_data({ours: value, "country": country} if ours != "country" else {ours: value})
        if field.key in found and field.hashed:
            assert len(found[field.key]) == 64
            assert set(found[field.key]) <= set("0123456789abcdef")


def test_click_ids_address_and_agent_leave_as_they_are() -> None:
    told = {"sc_click_id": "AbC-+/=", "sc_cookie": "c1", "ip": "8.8.8.8", "user_agent": "Agent/1"}
    assert user_data(told) == {
        "sc_click_id": "AbC-+/=",
        "sc_cookie1": "c1",
        "client_ip_address": "8.8.8.8",
        "client_user_agent": "Agent/1",
    }


def test_what_is_hashed_already_is_passed_on() -> None:
    digest = hashlib.sha256(b"a@b.example").hexdigest()
    assert user_data({"email": digest.upper()}) == {"em": digest}


@pytest.mark.parametrize("value", ["10.0.0.1", "127.0.0.1", "::1", "nowhere"])
def test_an_address_that_names_no_visitor_is_left_out(value: str) -> None:
    assert user_data({"ip": value}) == {}
