from collections.abc import Iterator

import pytest
from hubspot_sdk import HubSpot

from tests.sandbox_process import Sandbox, running_sandbox

START = "2026-03-02T15:00:00+00:00"
CONTACT, DEAL = "100000001", "300000002"


@pytest.fixture(scope="session")
def crm() -> Iterator[Sandbox]:
    """A world of its own, of short memory; who breaks something is mended after."""
    with running_sandbox("--seed", "7", "--start", START, "--history", "40") as running:
        yield running


@pytest.fixture
def hub(crm: Sandbox) -> Iterator[HubSpot]:
    """The vendor's own client, unmodified but for the address, which tries nothing twice."""
    facts = crm.vendor("hubspot")
    with HubSpot(access_token=facts["access_token"], base_url=f"{crm.url}/hubspot", max_retries=0) as client:
        yield client
    crm.control("POST", "hubspot/quota", json={})
    crm.repair()
