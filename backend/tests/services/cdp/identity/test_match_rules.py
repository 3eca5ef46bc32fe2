"""Traits that together are as good as an identifier."""

import pytest

from app.services.cdp.identity.match_rules import MatchPart, match_keys, normal, soundex

NAMES = MatchPart(("first_name", "last_name"), phonetic=True)
BORN = MatchPart(("born",))


def test_names_match_in_any_order_and_by_their_sound() -> None:
    one = match_keys({"first_name": "Jon", "last_name": "Smith", "born": "1980-01-02"}, [(NAMES, BORN)])
    other = match_keys({"first_name": "Smyth", "last_name": "John", "born": "19800102"}, [(NAMES, BORN)])
    assert one == other != []


def test_a_key_needs_all_of_its_traits_and_no_garbage() -> None:
    assert match_keys({"first_name": "Jon", "last_name": "Smith"}, [(NAMES, BORN)]) == []
    assert match_keys({"first_name": "Jon", "last_name": "unknown", "born": "1980"}, [(NAMES, BORN)]) == []


def test_two_keys_of_the_same_text_are_two() -> None:
    assert len(set(match_keys({"born": "1", "zip": "1"}, [(BORN,), (MatchPart(("zip",)),)]))) == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [("robert", "r163"), ("rupert", "r163"), ("tymczak", "t522"), ("pfister", "p236"), ("honeyman", "h555")],
)
def test_soundex_is_the_american_one(name: str, code: str) -> None:
    assert soundex(name) == code


def test_accents_and_case_do_not_count() -> None:
    assert normal("Éléonore O'Neil") == "eleonoreoneil"
