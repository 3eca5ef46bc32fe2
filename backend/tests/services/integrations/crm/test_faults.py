"""Whatever a CRM answers, its port says what it is: never a crash, never rows that are not there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.services.integrations.crm.ports import Crm, Window
from app.services.integrations.crms import crm_of
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError
from app.services.integrations.ports import PlatformErrorKind as Kind
from app.services.integrations.wire import Line
from tests.factories.crm import CrmSubject
from tests.sandbox_process import Sandbox
from tests.services.integrations.contract.raw import answering

WINDOW = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
BROKEN = {
    "server_error": Kind.TRANSIENT,
    "malformed_json": Kind.TRANSIENT,
    "connection_reset": Kind.TRANSIENT,
    "drop_response": Kind.TRANSIENT,
    "rate_limit": Kind.RATE_LIMITED,
    "token_expired": Kind.AUTH,
    "token_revoked": Kind.AUTH,
}
ODD = (
    b"",
    b"<html>Bad gateway</html>",
    b"[]",
    b"7",
    b'[{"errorCode": {"a": []}, "message": 7}]',
    b'{"error": [], "category": {}}',
    b'{"results": 7, "records": 7}',
    b'{"results": [7, null], "records": [[]], "done": "maybe"}',
    b'{"results": [{}], "records": [{}], "done": true}',
    b'{"records": [], "done": false, "nextRecordsUrl": "https://evil.example/"}',
    b'{"records": [{"Id": "003", "SystemModstamp": "soon"}], "results": [{"id": "x", "properties": {}}]}',
    b'{"records": [{"Id": "003bS0000004C93QAE", "SystemModstamp": 1e400}], "results": [{"id": "1", "properties": 1}]}',
    b'{"records": [{"Id": "\\ud800"}], "results": [{"id": "\\u0000"}]}',
)
Ask = Callable[[Crm], Awaitable[Any]]


def asks(crm: CrmSubject) -> dict[str, Ask]:
    """Everything that the port can be asked."""
    return {
        "account": lambda port: port.account(),
        "properties": lambda port: port.properties("contacts"),
        "newest": lambda port: port.newest("contacts"),
        "contacts": lambda port: port.contacts(WINDOW, None, [crm.email]),
        "by id": lambda port: port.contacts_by_id([crm.contact], [crm.email]),
        "deals": lambda port: port.deals(WINDOW, None),
    }


def port(gateway: Gateway, crm: CrmSubject, url: str, token: str) -> Crm:
    async def unlogged(record: object) -> None:
        del record

    line = Line(gateway.http, gateway.breaker, unlogged, f"t:0:circuit:{crm.provider}:{uuid4()}")
    names = {f"{crm.provider}_base_url", f"{crm.provider}_instance_url"} & set(
        type(gateway.settings).model_fields
    )
    settings = gateway.settings.model_copy(update=dict.fromkeys(names, url))
    return crm_of(crm.provider).crm(settings, line, token, url)


@pytest.fixture
def there(hub: Sandbox, crm: CrmSubject, platforms: Gateway) -> Callable[[], Crm]:
    """The port at the sandbox, each time with a circuit of its own."""
    token = str(hub.vendor(crm.provider)["access_token"])
    return lambda: port(platforms, crm, f"{hub.url}/{crm.provider}", token)


@pytest.mark.parametrize("kind", BROKEN)
async def test_what_breaks_is_told_by_its_kind(
    crm: CrmSubject, hub: Sandbox, there: Callable[[], Crm], kind: str
) -> None:
    hub.control("POST", "faults", json={"kind": kind, "vendor": crm.provider})
    results = await asyncio.gather(*(ask(there()) for ask in asks(crm).values()), return_exceptions=True)
    found = [each.kind if isinstance(each, PlatformError) else each for each in results]
    assert found == [BROKEN[kind]] * len(found)


async def test_a_fault_that_passes_is_not_noticed(
    crm: CrmSubject, hub: Sandbox, there: Callable[[], Crm]
) -> None:
    before = await asks(crm)["contacts"](there())
    for kind in ("server_error", "duplicate_request"):
        hub.control("POST", "faults", json={"kind": kind, "vendor": crm.provider, "count": 1})
        assert await asks(crm)["contacts"](there()) == before


async def test_rows_that_lost_their_fields_are_no_rows(
    crm: CrmSubject, hub: Sandbox, there: Callable[[], Crm]
) -> None:
    hub.control("POST", "faults", json={"kind": "missing_fields", "vendor": crm.provider})
    for name in ("contacts", "by id", "deals"):
        with pytest.raises(PlatformError) as caught:
            await asks(crm)[name](there())
        assert caught.value.kind is Kind.TRANSIENT, name


@pytest.mark.parametrize("body", ODD)
async def test_an_odd_answer_is_an_error_of_that_crm(
    crm: CrmSubject, platforms: Gateway, body: bytes
) -> None:
    """An empty list of rows is the only one that is believed."""
    async with answering() as raw:
        raw.body = body
        ports = [port(platforms, crm, raw.url, "t") for _ in asks(crm)]
        answers = [ask(each) for ask, each in zip(asks(crm).values(), ports, strict=True)]
        found = dict(zip(asks(crm), await asyncio.gather(*answers, return_exceptions=True), strict=True))
    believed = {name: each for name, each in found.items() if not isinstance(each, PlatformError)}
    assert all(each in (None, []) for each in believed.values()), believed
