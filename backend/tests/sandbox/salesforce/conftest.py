from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from tests.sandbox_process import Sandbox, running_sandbox

START = "2026-03-02T15:00:00+00:00"
CONTACT = "003bS0000004C93QAE"
VERSION = "67.0"
HOST = "northwind.my.salesforce.com"


class _ToTheSandbox(HTTPAdapter):
    """The client knows https and a host without a path alone: what it sends to the org arrives at the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        parts = urlsplit(request.url or "")
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self._url}/salesforce{parts.path}{query}"
        return super().send(request, *args, **options)


@pytest.fixture(scope="session")
def crm() -> Iterator[Sandbox]:
    """A world of its own, of short memory; who breaks something is mended after."""
    with running_sandbox("--seed", "7", "--start", START, "--history", "40") as running:
        yield running


def client_of(crm: Sandbox, token: str) -> Any:
    session = Session()
    session.mount("https://", _ToTheSandbox(crm.url))
    return Salesforce(instance=HOST, session_id=token, version=VERSION, session=session)


@pytest.fixture
def org(crm: Sandbox) -> Iterator[Any]:
    """The well-known client, unmodified but for where its connections lead."""
    client = client_of(crm, str(crm.vendor("salesforce")["access_token"]))
    yield client
    client.session.close()
    crm.control("POST", "salesforce/quota", json={})
    crm.control("POST", "salesforce/currencies", json={"several": True})
    crm.repair()


def rows(org: Any, soql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = org.query(soql)["records"]
    return found
