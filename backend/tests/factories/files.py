"""Files that are handed in and taken away, to test with."""

from typing import Any

from app.auth.permissions import Role
from app.services.cdp.exports.service import ExportWork
from app.services.cdp.identity.service import Resolver
from app.services.cdp.imports.service import ImportWork
from tests.factories.access import Company

IMPORTS = "/api/v1/cdp/imports"
EXPORTS = "/api/v1/cdp/exports"
IMPORT_PLAN: dict[str, object] = {"columns": [{"column": "email", "to": "email"}]}


async def upload(company: Company, text: str | bytes, kind: str = "people", **asked: str) -> dict[str, Any]:
    """A file that waits to be started."""
    content = text.encode() if isinstance(text, str) else text
    answer = await company.client(Role.MANAGER).post(
        IMPORTS, params={"name": "people.csv", "kind": kind, **asked}, content=content
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def imported(
    company: Company, text: str | bytes, kind: str = "people", plan: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What became of a file by its proposed plan, or with what of it is given."""
    made = await upload(company, text, kind)
    client = company.client(Role.MANAGER)
    started = await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"] | (plan or {}))
    assert started.status_code == 202, started.text
    await ImportWork(company.scopes).run()
    await Resolver(company.scopes).drain()
    found: dict[str, Any] = (await client.get(f"{IMPORTS}/{made['id']}")).json()
    return found


async def exported(company: Company, *, columns: list[str], **asked: Any) -> dict[str, Any]:
    """An export that is written."""
    client = company.client(Role.MANAGER)
    body = {"name": "All of them", "what": "people", "columns": columns, **asked}
    answer = await client.post(EXPORTS, json=body)
    assert answer.status_code == 202, answer.text
    await ExportWork(company.scopes).run()
    found: dict[str, Any] = (await client.get(f"{EXPORTS}/{answer.json()['id']}")).json()
    return found
