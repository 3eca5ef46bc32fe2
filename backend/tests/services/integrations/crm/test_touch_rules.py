"""What an event says of how its person came: the campaign first, then the address; a click of one platform alone."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.integrations.crm.touch_rules import CLICKS, touch_of

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)


@given(source=WORDS, medium=WORDS, campaign=WORDS)
def test_the_address_says_the_same_as_the_campaign(source: str, medium: str, campaign: str) -> None:
    said = touch_of(AT, {"source": source, "medium": medium, "name": campaign}, (), ())
    query = urlencode({"utm_source": source, "utm_medium": medium, "utm_campaign": campaign})
    read = touch_of(AT, None, (None, f"https://shop.example/a?x=1&{query}#there"), ())
    assert said == read
    assert said.values == {"source": source.strip(), "medium": medium.strip(), "campaign": campaign.strip()}


@given(clicks=st.sets(st.sampled_from([*CLICKS, "fbp", "fbc", "ttp"])))
def test_a_click_is_one_platforms_or_nobodys(clicks: set[str]) -> None:
    named = {CLICKS[each] for each in clicks if each in CLICKS}
    expected = {"platform": next(iter(named))} if len(named) == 1 else {}
    assert touch_of(AT, None, (), clicks).values == expected


@pytest.mark.parametrize(
    ("said", "addresses", "expected"),
    [
        ({"source": " "}, (), {}),
        ({"source": 7, "name": ["a"]}, (), {}),
        ("news", ("https://[broken", "https://a.example/?UTM_Source=b"), {"source": "b"}),
        ({"source": "campaign"}, ("https://a.example/?utm_source=b&utm_medium=c",), None),
        (None, ("https://a.example/?utm_source=a", "https://a.example/?utm_source=b"), {"source": "a"}),
        (None, ("https://a.example/?utm_source=%00",), {}),
    ],
)
def test_what_is_said_of_it(said: Any, addresses: tuple[str, ...], expected: dict[str, str] | None) -> None:
    wanted = {"source": "campaign", "medium": "c"} if expected is None else expected
    assert touch_of(AT, said, addresses, ()).values == wanted
