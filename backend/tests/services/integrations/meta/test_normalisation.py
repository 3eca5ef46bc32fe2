"""People's identifiers take Meta's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.meta.normalisation import FIELDS, phone, user_data


# developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
@pytest.mark.parametrize(
    ("ours", "value", "key", "expected"),
    [
        (
            "email",
            "John_Smith@gmail.com",
            "em",
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        ("first_name", "Mary", "fn", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("first_name", "정", "fn", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("first_name", "Valéry", "fn", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ],
)
def test_metas_published_examples(ours: str, value: str, key: str, expected: str) -> None:
    assert user_data({ours: value}) == {key: expected}


def test_metas_published_phone_number() -> None:
    expected = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
    assert user_data({"phone": "(650)555-1212", "country": "US"})["ph"] == expected


@pytest.mark.parametrize("written", ["+36 20 123 4567", "+36201234567", "0036 20/123-4567", "06 20 123 4567"])
def test_one_number_however_it_is_written(written: str) -> None:
    assert phone(written, "hu") == "36201234567"


@pytest.mark.parametrize("value", ["555 1212", "not a number", "+", "12"])
def test_a_number_of_no_known_country_is_left_out(value: str) -> None:
    assert "ph" not in user_data({"phone": value})


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
