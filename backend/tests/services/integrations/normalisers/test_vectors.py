"""People's identifiers reach each platform in the form that the platform publishes."""

import hashlib

import pytest

from tests.services.integrations.normalisers.vectors import SET_ASIDE, VECTORS, SetAside, Vector
from tests.services.integrations.normalisers.wire import sent


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_it_takes_the_platforms_form(vector: Vector) -> None:
    if vector.digest:
        assert vector.normal is not None
        assert hashlib.sha256(vector.normal.encode()).hexdigest() == vector.digest
    assert sent(vector.platform, vector.field, vector.written, vector.country) == vector.normal


@pytest.mark.parametrize("vector", SET_ASIDE, ids=lambda one: f"{one.platform}-{one.field}-{one.written}")
def test_what_is_set_aside_is_sent_as_it_is_said(vector: SetAside) -> None:
    assert vector.sent != vector.published
    assert sent(vector.platform, vector.field, vector.written, "") == vector.sent
