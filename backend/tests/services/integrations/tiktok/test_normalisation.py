"""People's identifiers take TikTok's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.tiktok.normalisation import FIELDS, user


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("ours", "value", "key", "form"),
    [
        ("first_name", " Mary Ann ", "first_name", sha256("maryann")),
        ("last_name", "O'Neil", "last_name", sha256("o'neil")),
        ("zip", " SW1A 1AA", "zip_code", sha256("sw1a1aa")),
        ("city", "St. John's", "city", "stjohns"),
        ("state", "New York", "state", "newyork"),
        ("country", "USA", "country", "us"),
        ("ip", "8.8.8.8", "ip", "8.8.8.8"),
        ("ttclid", " E.C.P.abc ", "ttclid", "E.C.P.abc"),
        ("ttp", "2rPd", "ttp", "2rPd"),
        ("user_agent", "Mozilla/5.0", "user_agent", "Mozilla/5.0"),
    ],
)
def test_each_identifier_takes_its_form(ours: str, value: str, key: str, form: str) -> None:
    assert user({ours: value}) == {key: form}


@pytest.mark.parametrize(
    ("ours", "value"),
    [
        ("phone", "555 1212"),
        ("phone", "+"),
        ("email", "alice"),
        ("city", "Győr"),
        ("country", "Elbonia"),
        ("ip", "10.0.0.1"),
        ("ip", "x"),
        ("external_id", "  "),
    ],
)
def test_what_has_no_form_is_left_out(ours: str, value: str) -> None:
    assert user({ours: value}) == {}


@given(value=st.text(max_size=60), country=st.sampled_from(["", "US", "HU", "Elbonia"]))
def test_any_text_is_brought_into_form_or_left_out(value: str, country: str) -> None:
    for ours, field in FIELDS.items():
        found = user({ours: value, "country": country} if ours != "country" else {ours: value})
        if field.key in found and field.hashed:
            assert len(found[field.key]) == 64
            assert set(found[field.key]) <= set("0123456789abcdef")
        assert all(found.values())


@given(value=st.emails())
def test_an_address_in_any_spacing_is_one(value: str) -> None:
    assert user({"email": value}) == user({"email": f"  {value} "})


def test_what_is_hashed_already_is_passed_on() -> None:
    hashed = sha256("x@y.example")
    assert user({"email": hashed.upper(), "phone": hashed}) == {"email": hashed, "phone": hashed}
