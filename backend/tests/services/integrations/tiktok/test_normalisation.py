"""People's identifiers take TikTok's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.tiktok.normalisation import FIELDS, phone, user


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# business-api.tiktok.com/portal/docs: Events API 2.0, Parameters, user
@pytest.mark.parametrize(
    ("ours", "value", "expected"),
    [
        (
            "email",
            " ALICE_abc@gmail.com ",
            "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
        ),
        ("phone", "(+1)2133734253", "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd"),
        ("external_id", "user_123", "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b"),
    ],
)
def test_tiktoks_published_examples(ours: str, value: str, expected: str) -> None:
    assert user({ours: value}) == {ours: expected}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("bugsbunny@warnerbros.com", "67e28cdcc3e845d3a4da05ca9fe5ddb7320a83b4cc2167f0555a3b04f63511e3"),
        ("daffyduck@warnerbros.com", "2d2fb2388f17f86affee71d632978425a3037fa8eed5b3f2baaa458c80d495ed"),
    ],
)
def test_what_tiktoks_own_partner_code_makes_of_an_address(address: str, expected: str) -> None:
    assert user({"email": f"  {address.upper()}"}) == {"email": expected}


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


@pytest.mark.parametrize("written", ["+36 20 123 4567", "+36201234567", "0036 20/123-4567", "06 20 123 4567"])
def test_one_number_however_it_is_written(written: str) -> None:
    assert phone(written, "hu") == "+36201234567"


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
