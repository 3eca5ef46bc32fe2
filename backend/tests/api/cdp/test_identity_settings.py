"""The rules of identity, as a person writes them."""

from tests.factories.access import Company


async def test_a_value_of_quotes_alone_is_no_entry_of_the_garbage_list(acme: Company) -> None:
    asked = {"garbage": ["'", "shared"]}
    answer = await acme.client().put("/api/v1/cdp/identity/settings", json=asked)
    assert answer.status_code == 200
    assert '"garbage":["shared"]' in answer.text
