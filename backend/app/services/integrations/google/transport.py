"""Google's dialect: three hosts, bearer tokens, paged queries, and the manager by whom an account is reached."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.services.integrations.google import errors, queries
from app.services.integrations.google.errors import PLATFORM
from app.services.integrations.google.rationing import Ration, Use
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.wire import Answer, Call, Line, Wire

_MOST_PAGES = 500
_CUSTOMER = re.compile(r"\d{1,19}")
_SEARCH = re.compile(r"customers/[0-9]{1,19}/googleAds:search")
_SERVICES = {
    "campaignBudgets": "operations",
    "campaigns": "operations",
    "adGroups": "operations",
    "googleAds": "mutateOperations",
}
"""What may be changed by us, and where its operations stand in the body."""
_MEMBER_VERBS = frozenset({"ingest", "remove", "removeAll"})
_NO_PERMISSION = f"{PLATFORM}.user_permission_denied"
Json = dict[str, Any]


class GoogleDialect:
    platform = PLATFORM
    name = "Google"

    def wait_seconds(self, headers: Mapping[str, str]) -> int:
        """Google says so in its errors alone."""
        del headers
        return 0

    def trace(self, answer: Answer) -> str | None:
        return errors.trace_of(answer)

    def refusal(self, answer: Answer, *, mutating: bool) -> PlatformError | None:
        return errors.refusal(answer, mutating=mutating)


@dataclass(frozen=True, slots=True)
class Hosts:
    ads: str
    version: str
    events: str
    sign_in: str
    operations_per_day: int | None = None
    """Of one account; None where nothing of ours rations them."""


class Routes:
    """By which manager an account is reached, as it was found; by circuit, which is a tenant's own."""

    def __init__(self) -> None:
        self._managers: dict[str, str] = {}

    def of(self, circuit: str) -> str | None:
        return self._managers.get(circuit)

    def keep(self, circuit: str, manager: str | None) -> None:
        if manager is None:
            self._managers.pop(circuit, None)
        else:
            self._managers[circuit] = manager


_ROUTES = Routes()


class GoogleTransport:
    """Speaks for one access token."""

    def __init__(self, line: Line, hosts: Hosts) -> None:
        self._wire = Wire(line, GoogleDialect())
        self._hosts = hosts
        self._circuit = line.circuit
        self._ration = Ration(line, hosts.operations_per_day)
        self.may_leave = self._wire.may_leave

    # The Ads API.

    async def rows(self, operation: str, customer: str, query: str, *, token: str) -> list[Json]:
        """Every row of a query, over all its pages."""
        manager = _ROUTES.of(self._circuit)
        try:
            return await self._rows(operation, customer, query, token=token, manager=manager)
        except PlatformError as error:
            if error.code != _NO_PERMISSION:
                raise
            found = await self.manager_of(customer, token=token)
            if found == manager:
                raise
            _ROUTES.keep(self._circuit, found)
            return await self._rows(operation, customer, query, token=token, manager=found)

    async def rows_by(
        self, operation: str, customer: str, query: str, *, token: str, manager: str | None
    ) -> list[Json]:
        """The same, by a way that the caller knows."""
        return await self._rows(operation, customer, query, token=token, manager=manager)

    async def ask(self, operation: str, customer: str, query: str, *, token: str, use: Use) -> list[Json]:
        """The few rows that a write waits for, one page at most."""
        manager = _ROUTES.of(self._circuit)
        try:
            return await self._ask(operation, customer, query, token=token, manager=manager, use=use)
        except PlatformError as error:
            if error.code != _NO_PERMISSION:
                raise
            found = await self.manager_of(customer, token=token)
            if found == manager:
                raise
            _ROUTES.keep(self._circuit, found)
            return await self._ask(operation, customer, query, token=token, manager=found, use=use)

    async def accessible(self, *, token: str) -> list[str]:
        """The customers that the token's person has a role in."""
        await self._ration.spend(Use.READ)
        call = self._ads("GET", "list_accounts", "customers:listAccessibleCustomers", token=token)
        body = await self._wire.read(call)
        names = body.get("resourceNames")
        if not isinstance(names, list):
            raise _malformed("A list came without its names.")
        return [str(name).rpartition("/")[2] for name in names]

    async def manager_of(self, customer: str, *, token: str) -> str | None:
        """The first of the person's managers that the account belongs to; None where it is the person's own."""
        mine = await self.accessible(token=token)
        if customer in mine:
            return None
        query = queries.client(_number(customer))
        for manager in mine:
            try:
                found = await self._rows("find_manager", manager, query, token=token, manager=manager)
            except PlatformError as error:
                if error.kind is not PlatformErrorKind.PERMISSION:
                    raise
                continue
            if found:
                return manager
        return None

    async def write(
        self,
        operation: str,
        customer: str,
        service: str,
        changes: Sequence[Mapping[str, Any]],
        *,
        token: str,
        permit_id: UUID | None = None,
        patient: bool = False,
        told: Sequence[Mapping[str, Any]] | None = None,
    ) -> Json:
        """A service's mutate, all of it or nothing; see `Wire.write`. The log keeps `told` where that is given."""
        if service not in _SERVICES:
            raise PlatformError(
                PlatformErrorKind.INVALID, f"{PLATFORM}.not_a_service", "There is no such service."
            )
        path = f"customers/{_number(customer)}/{service}:mutate"
        call = self._ads(
            "POST",
            operation,
            path,
            token=token,
            manager=_ROUTES.of(self._circuit),
            body={_SERVICES[service]: list(changes)},
        )
        if told is not None:
            call = replace(call, asked={_SERVICES[service]: list(told)})
        if patient:
            await self._ration.spend(Use.STOP)
        return await self._wire.write(call, permit_id=permit_id, patient=patient)

    async def again(self, operation: str, path: str, asked: Mapping[str, Any], *, token: str) -> None:
        """A query's page once more, by the path and the words that the log of calls has of it."""
        if not _SEARCH.fullmatch(path):
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED, f"{PLATFORM}.not_a_query", "This is no query of an account."
            )
        await self._ration.spend(Use.READ)
        manager = _ROUTES.of(self._circuit)
        await self._wire.read(self._ads("POST", operation, path, token=token, manager=manager, body=asked))

    async def reserve(self, operations: int = 1) -> None:
        """Take the operations of a change that is no stop, before its permit is spent."""
        await self._ration.spend(Use.CHANGE, operations)

    # The Data Manager API.

    async def ingest(self, body: Mapping[str, Any], *, token: str) -> Json:
        """Events, which may be sent again: Google deduplicates them by transaction."""
        return await self._wire.once(
            self._events("POST", "send_events", "events:ingest", token=token, body=body)
        )

    async def change_members(self, operation: str, verb: str, body: Mapping[str, Any], *, token: str) -> Json:
        """Of lists. The same again changes nothing: whoever is in stays in, whoever is out stays out."""
        if verb not in _MEMBER_VERBS:
            raise PlatformError(
                PlatformErrorKind.INVALID, f"{PLATFORM}.not_a_method", "There is no such method."
            )
        path = f"audienceMembers:{verb}"
        return await self._wire.once(self._events("POST", operation, path, token=token, body=body))

    async def request_status(self, request: str, *, token: str) -> Json:
        """What became of a request that was taken."""
        path, query = "requestStatus:retrieve", {"requestId": request}
        return await self._wire.read(self._events("GET", "read_request", path, token=token, query=query))

    async def user_lists(
        self,
        method: str,
        operation: str,
        customer: str,
        user_list: str | None,
        *,
        token: str,
        manager: str | None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        """An account's lists, or one of them."""
        path = f"{_account_name(customer)}/userLists" + (f"/{_number(user_list)}" if user_list else "")
        call = self._events(
            method,
            operation,
            path,
            token=token,
            query=query,
            body=body,
            headers={} if manager is None else {"login-account": _account_name(manager)},
        )
        return await (self._wire.read(call) if method == "GET" else self._wire.once(call))

    async def found_manager(self, customer: str, *, token: str) -> str | None:
        """The manager by whom the account is reached, looked for anew, and kept."""
        found = await self.manager_of(customer, token=token)
        _ROUTES.keep(self._circuit, found)
        return found

    def manager(self) -> str | None:
        """By whom the account is reached, as far as it is known."""
        return _ROUTES.of(self._circuit)

    # Signing in.

    async def sign_in(self, operation: str, path: str, form: Mapping[str, str]) -> Json:
        call = Call(
            operation=operation,
            method="POST",
            url=f"{self._hosts.sign_in.rstrip('/')}/{path}",
            path=path,
            form=dict(form),
        )
        return await self._wire.once(call)

    async def token_info(self, token: str) -> Json:
        call = Call(
            operation="inspect_token",
            method="POST",
            url=f"{self._hosts.sign_in.rstrip('/')}/tokeninfo",
            path="tokeninfo",
            form={"access_token": token},
        )
        return await self._wire.read(call)

    async def _rows(
        self, operation: str, customer: str, query: str, *, token: str, manager: str | None
    ) -> list[Json]:
        return [row async for row in self._pages(operation, customer, query, token=token, manager=manager)]

    async def _pages(
        self, operation: str, customer: str, query: str, *, token: str, manager: str | None
    ) -> AsyncIterator[Json]:
        wanted = {"query": query}
        await self._ration.spend(Use.READ)
        for _ in range(_MOST_PAGES):
            call = self._search(operation, customer, wanted, token=token, manager=manager)
            body = await self._wire.read(call)
            for row in _results(body):
                yield row
            following = body.get("nextPageToken")
            if not following:
                return
            wanted = {"query": query, "pageToken": str(following)}
        raise PlatformError(PlatformErrorKind.INVALID, f"{PLATFORM}.endless_paging", "The list does not end.")

    async def _ask(
        self, operation: str, customer: str, query: str, *, token: str, manager: str | None, use: Use
    ) -> list[Json]:
        await self._ration.spend(use)
        call = self._search(operation, customer, {"query": query}, token=token, manager=manager)
        return _results(await self._wire.ask(call))

    def _search(
        self, operation: str, customer: str, body: Mapping[str, str], *, token: str, manager: str | None
    ) -> Call:
        path = f"customers/{_number(customer)}/googleAds:search"
        return self._ads("POST", operation, path, token=token, manager=manager, body=body)

    def _events(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        token: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self._hosts.events.rstrip('/')}/v1/{path}",
            path=path,
            headers=_bearer(token) | dict(headers or {}),
            query=None if query is None else dict(query),
            json=None if body is None else dict(body),
        )

    def _ads(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        token: str,
        manager: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Call:
        headers = _bearer(token) | ({} if manager is None else {"login-customer-id": _number(manager)})
        return Call(
            operation=operation,
            method=method,
            url=f"{self._hosts.ads.rstrip('/')}/{self._hosts.version}/{path}",
            path=path,
            headers=headers,
            json=None if body is None else dict(body),
            asked=dict(body or {}),
        )


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _account_name(customer: str) -> str:
    return f"accountTypes/GOOGLE_ADS/accounts/{_number(customer)}"


def _number(customer: str) -> str:
    """An id that could lead elsewhere makes of a harmless call another one."""
    if not _CUSTOMER.fullmatch(customer) or not customer.isascii():
        raise PlatformError(
            PlatformErrorKind.INVALID, f"{PLATFORM}.not_a_customer", "This is no id of the platform's."
        )
    return customer


def _results(body: Mapping[str, Any]) -> list[Json]:
    """Google leaves the rows out where there are none; an answer without its mask of fields is none of a query."""
    rows = body.get("results", [])
    if (
        not isinstance(rows, list)
        or not all(isinstance(row, dict) for row in rows)
        or "fieldMask" not in body
    ):
        raise _malformed("A list came without its rows.")
    return rows


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, f"{PLATFORM}.malformed", message)
