from collections.abc import Iterator

import pytest

from tests.factories.shops import shop_sandbox
from tests.sandbox_process import Sandbox


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with shop_sandbox() as running:
        yield running
