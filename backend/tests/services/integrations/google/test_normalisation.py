"""People's identifiers take Google's form: its formatter's published vectors, its guide's examples, and any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.google.normalisation import (
    click_ids,
    email,
    user_identifiers,
)

PERSON = {
    "first_name": "  GivenName  ",
    "last_name": "  FamilyName ",
    "country": " uS ",
    "zip": " 1229-076  ",
}


def test_the_published_address() -> None:
    """Names are hashed; the region and the postal code are not."""
    assert user_identifiers(PERSON) == [
        {
            "address": {
                "givenName": "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814",
                "familyName": "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574",
                "regionCode": "US",
                "postalCode": "1229-076",
            }
        }
    ]


@pytest.mark.parametrize("missing", sorted(PERSON))
def test_an_address_is_sent_whole_or_not_at_all(missing: str) -> None:
    assert user_identifiers({name: value for name, value in PERSON.items() if name != missing}) == []


@given(value=st.text(max_size=60), country=st.sampled_from(["", "US", "HU", "Elbonia"]))
def test_any_text_is_hashed_whole_or_left_out(value: str, country: str) -> None:
    told = {
        "email": value,
        "phone": value,
        "first_name": value,
        "last_name": value,
        "zip": "1",
        "country": country,
    }
    for one in user_identifiers(told):
        (key, found), *rest = one.items()
        assert not rest
        hashed = [found["givenName"], found["familyName"]] if key == "address" else [found]
        assert all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in hashed)


@given(local=st.from_regex(r"[a-z]{1,10}(\.[a-z]{1,5}){0,3}(\+[a-z.]{0,8})?", fullmatch=True))
def test_a_gmail_address_however_it_is_dotted_is_one(local: str) -> None:
    plain = local.partition("+")[0].replace(".", "")
    assert email(f"{local}@gmail.com") == f"{plain}@gmail.com"
    assert email(f"{local}@example.com") == f"{local}@example.com"


def test_what_is_hashed_already_is_passed_on() -> None:
    digest = hashlib.sha256(b"a@b.example").hexdigest()
    assert user_identifiers({"email": digest.upper()}) == [{"emailAddress": digest}]


@pytest.mark.parametrize("value", ["", "a b", "x" * 600, "<script>", "https://x.example"])
def test_what_is_no_click_id_is_left_out(value: str) -> None:
    assert click_ids({"gclid": value, "wbraid": "Cj0KCQ_-9"}) == {"wbraid": "Cj0KCQ_-9"}
