"""People's identifiers take Snapchat's form: its published examples, and what must hold for any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.snapchat.normalisation import FIELDS, phone, user_data


# developers.snap.com/api/marketing-api/Conversions-API/Parameters
@pytest.mark.parametrize(
    ("ours", "value", "key", "normal", "published"),
    [
        (
            "email",
            "Person@Example.com",
            "em",
            "person@example.com",
            "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345",
        ),
        (
            "phone",
            "+44 844 412 4653",
            "ph",
            "448444124653",
            "dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383",
        ),
        (
            "first_name",
            "John",
            "fn",
            "john",
            "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a",
        ),
        (
            "first_name",
            "Raphaël",
            "fn",
            "raphaël",
            "e74bb89e718fe1e19c422a48382870399f8bf7ca8dfa008739e75b0be76627b7",
        ),
    ],
)
def test_snapchats_published_examples(ours: str, value: str, key: str, normal: str, published: str) -> None:
    assert hashlib.sha256(normal.encode()).hexdigest() == published
    assert user_data({ours: value}) == {key: published}


@pytest.mark.parametrize(
    "written",
    ["+44 844 412 4653", "0044 844 412 4653", "+44 (0)844-412-4653", "0844 412 4653", "448444124653"],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert phone(written, "gb") == "448444124653"


@pytest.mark.parametrize(
    ("ours", "value", "country", "key", "normal"),
    [
        ("last_name", " O'Brien-Smith ", "", "ln", "obriensmith"),
        ("gender", "Female", "", "ge", "f"),
        ("city", "Los Angeles", "", "ct", "losangeles"),
        ("state", "California", "US", "st", "ca"),
        ("zip", "94035-1234", "US", "zp", "94035"),
        ("zip", "M1 1AE", "GB", "zp", "m11ae"),
        ("external_id", " Shop-42 ", "", "external_id", "Shop-42"),
        ("country", "USA", "", "country", "us"),
    ],
)
def test_each_field_has_its_form(ours: str, value: str, country: str, key: str, normal: str) -> None:
    told = {ours: value} | ({"country": country} if country else {})
    assert user_data(told)[key] == hashlib.sha256(normal.encode()).hexdigest()


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
