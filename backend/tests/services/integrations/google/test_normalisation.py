"""People's identifiers take Google's form: its formatter's published vectors, its guide's examples, and any text."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.google.normalisation import (
    click_ids,
    email,
    family_name,
    given_name,
    phone,
    postal_code,
    region,
    user_identifiers,
)

# The tests of Google's own formatter (data-manager-python) and the guide "Format user data".
EMAILS = [
    ("QuinnY@example.com", "quinny@example.com"),
    ("QuinnY@EXAMPLE.com", "quinny@example.com"),
    ("Jefferson.Loves.hiking@gmail.com", "jeffersonloveshiking@gmail.com"),
    ("Jefferson.LOVES.Hiking@googlemail.com", "jeffersonloveshiking@googlemail.com"),
    ("Cloudy.SanFrancisco+shopping@googlemail.com", "cloudysanfrancisco@googlemail.com"),
    ("Cloudy.SanFrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
    ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
    ("  ALEXZ@example.com   ", "alexz@example.com"),
    ("", None),
    ("  ", None),
    ("quinn", None),
    (" @googlemail.com", None),
    (" ...@gmail.com", None),
    ("+tag@gmail.com", None),
    ("two words@example.com", None),
]
PHONES = [
    ("+1 800-555-0100", None, "+18005550100"),
    ("   +1-800-555-0100", None, "+18005550100"),
    ("+441134960987", None, "+441134960987"),
    ("+44-113-496-0987", None, "+441134960987"),
    ("(800)555-0100", "US", "+18005550100"),
    ("1 800 555 0100", "US", "+18005550100"),
    ("06 20 123 4567", "HU", "+36201234567"),
    ("090-1234-5678", "JP", "+819012345678"),
    ("800 555 0100", None, None),
    (" +A BCD EFG ", None, None),
    ("", "US", None),
]
HASHES = [
    (
        {"email": "  alexz@EXAMPLE.com   "},
        "emailAddress",
        "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
    ),
    (
        {"phone": "1-800-555-0100   ", "country": "US"},
        "phoneNumber",
        "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
    ),
]
PERSON = {
    "first_name": "  GivenName  ",
    "last_name": "  FamilyName ",
    "country": " uS ",
    "zip": " 1229-076  ",
}


@pytest.mark.parametrize(("written", "expected"), EMAILS)
def test_an_email_address(written: str, expected: str | None) -> None:
    assert email(written) == expected


@pytest.mark.parametrize(("written", "country", "expected"), PHONES)
def test_a_phone_number(written: str, country: str | None, expected: str | None) -> None:
    assert phone(written, country) == expected


@pytest.mark.parametrize(("identifiers", "key", "expected"), HASHES)
def test_the_published_hashes(identifiers: dict[str, str], key: str, expected: str) -> None:
    assert user_identifiers(identifiers) == [{key: expected}]


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


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Mrs. Anne", "anne"), ("Dr Ada", "ada"), ("Drew", "drew"), ("  ", None), ("Valéry", "valéry")],
)
def test_a_given_name_has_no_title(written: str, expected: str | None) -> None:
    assert given_name(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Smith Jr.", "smith"),
        ("Smith, Jr", "smith"),
        ("O'Brien", "o'brien"),
        ("Junior", "junior"),
        ("", None),
    ],
)
def test_a_family_name_has_no_suffix(written: str, expected: str | None) -> None:
    assert family_name(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"), [("us", "US"), ("usa", "US"), ("UK", "GB"), ("XX", None), ("", None)]
)
def test_a_region(written: str, expected: str | None) -> None:
    assert region(written) == expected


def test_a_postal_code_stays_as_it_is_written() -> None:
    assert (postal_code(" SW1A 1AA "), postal_code(" ")) == ("SW1A 1AA", None)


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
