from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.sandbox_process import HTTP, Sandbox

US, JP, MANAGER = "4441115551", "4441115552", "4441115550"


@dataclass(frozen=True)
class Api:
    """Plain requests to the sandbox's Google, as a client that knows the documentation would make them."""

    url: str
    token: str
    client_id: str
    client_secret: str
    refresh_token: str

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, login: str | None = None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        if login:
            headers["login-customer-id"] = login
        return HTTP.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60)

    def search(
        self, query: str, *, customer: str = US, login: str | None = None, **more: Any
    ) -> httpx2.Response:
        return self.call(
            "POST", f"/v26/customers/{customer}/googleAds:search", {"query": query, **more}, login=login
        )

    def rows(self, query: str, **more: Any) -> list[dict[str, Any]]:
        answer = self.search(query, **more)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json().get("results", [])
        return found

    def mutate(self, service: str, *operations: dict[str, Any], **more: Any) -> httpx2.Response:
        name = "mutateOperations" if service == "googleAds" else "operations"
        return self.call("POST", f"/v26/customers/{US}/{service}:mutate", {name: list(operations), **more})

    def form(self, path: str, **values: str) -> httpx2.Response:
        return HTTP.post(f"{self.url}{path}", data=values, timeout=60)


@pytest.fixture(scope="session")
def api(sandbox: Sandbox) -> Api:
    told = sandbox.vendor("google")
    return Api(
        f"{sandbox.url}/google",
        told["access_token"],
        told["client_id"],
        told["client_secret"],
        told["refresh_token"],
    )


@pytest.fixture
def project(sandbox: Sandbox) -> Iterator[Callable[..., None]]:
    """Sets what the Cloud project may do; its usual rights come back at the end."""
    before = sandbox.vendor("google")

    def put(**values: object) -> None:
        sandbox.control("POST", "google/quota", json=values)

    yield put
    put(**{name: before[name] for name in ("operations_per_day", "approved", "page_rows", "change_delay")})


def select(fields: str, resource: str, *conditions: str) -> str:
    parts = ["SELECT", fields, "FROM", resource, *(["WHERE", " AND ".join(conditions)] if conditions else [])]
    return " ".join(parts)


def code_of(answer: httpx2.Response) -> tuple[int, str, str]:
    """The HTTP status, the group and the code of the first error of a `GoogleAdsFailure`."""
    failure = answer.json()["error"]["details"][0]
    assert failure["@type"].endswith("GoogleAdsFailure")
    assert failure["requestId"] == answer.headers["request-id"]
    ((group, code),) = failure["errors"][0]["errorCode"].items()
    return answer.status_code, group, code
