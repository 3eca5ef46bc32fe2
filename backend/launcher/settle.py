"""The first company and what opens it: made at the first start through the public API, kept for the next."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from launcher.errors import DidNotStart
from launcher.system import write_private

_API = "/api/v1"


@dataclass(frozen=True)
class Opened:
    """What opens the first company: its admin's sign-in, a source's write key, a program's key."""

    email: str
    password: str
    tenant_id: int
    write_key: str
    api_key: str


def settle(url: str, state: Path, password: str, make_company: Callable[[], Mapping[str, Any]]) -> Opened:
    """Return what was kept, if it still opens the company; else make company and keys, and keep them.

    `make_company` makes the company and its admin where they are missing, gives the admin `password`, and returns
    `tenant_id`, `email` and an `api_key`.
    """
    kept = _kept(state)
    if kept is not None and kept.password == password and _still_opens(url, kept):
        return kept
    made = make_company()
    key = str(made["api_key"])
    source = _call(url, "POST", "/cdp/sources", {"name": "Shop", "kind": "server"}, {"X-API-Key": key})
    opened = Opened(str(made["email"]), password, int(made["tenant_id"]), str(source["write_key"]), key)
    write_private(state, json.dumps(asdict(opened), indent=2) + "\n")
    return opened


def _kept(state: Path) -> Opened | None:
    try:
        return Opened(**json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _still_opens(url: str, kept: Opened) -> bool:
    try:
        company = _call(url, "GET", "/tenants/current", None, {"X-API-Key": kept.api_key})
    except DidNotStart:
        return False
    return bool(company.get("id") == kept.tenant_id)


def _call(
    url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    asked = urllib.request.Request(  # noqa: S310  (our own address)
        f"{url}{_API}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Client": "program", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as reply:  # noqa: S310  (as above)
            answer: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as error:
        said = error.read(2_000).decode(errors="replace")
        raise DidNotStart(f"{method} {path} answered {error.code}: {said}") from None
    except (OSError, ValueError) as error:
        raise DidNotStart(f"{method} {path} did not answer: {error}") from None
    return answer
