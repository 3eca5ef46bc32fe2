"""People's identifiers take Meta's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.meta.normalisation import FIELDS, user_data


@given(value=st.text(max_size=60), country=st.sampled_from(["", "US", "HU", "Elbonia"]))
def test_any_text_is_hashed_whole_or_left_out(value: str, country: str) -> None:
    for ours, field in FIELDS.items():
        found = user_data({ours: value, "country": country} if ours != "country" else {ours: value})
        if field.key in found and field.hashed:
            assert len(found[field.key]) == 64
            assert set(found[field.key]) <= set("0123456789abcdef")


@given(value=st.emails())
def test_an_address_in_any_case_and_spacing_is_one(value: str) -> None:
    assert user_data({"email": value}) == user_data({"email": f"  {value.upper().lower()} "})


def test_what_is_hashed_already_is_passed_on() -> None:
    digest = hashlib.sha256(b"a@b.example").hexdigest()
    assert user_data({"email": digest.upper()}) == {"em": digest}


def test_an_address_is_never_sent_as_an_external_id() -> None:
    assert user_data({"external_id": "a@b.example"}) == {}


@pytest.mark.parametrize("value", ["10.0.0.1", "127.0.0.1", "::1", "nowhere"])
def test_an_address_that_names_no_visitor_is_left_out(value: str) -> None:
    assert user_data({"ip": value}) == {}
