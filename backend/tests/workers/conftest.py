import pytest


@pytest.fixture(autouse=True)
def _nothing_waits(nothing_waits: None) -> None:
    """Every process of these tests begins with an empty outbox."""
