"""Meta's error bodies, with its types, codes and subcodes."""

from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

_DOCS = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"


def trace_id() -> str:
    return "A" + token_urlsafe(16).replace("-", "x").replace("_", "y")


@dataclass
class GraphError(Exception):
    message: str
    code: int
    type: str = "OAuthException"
    subcode: int | None = None
    status: int = 400
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | self.extra | {"fbtrace_id": trace_id()}}


def unsupported(method: str, node: str) -> GraphError:
    """The answer to whatever does not exist, is not visible, or is not emulated."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, method.lower())
    message = (
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to "
        f"missing permissions, or does not support this operation. {_DOCS}"
    )
    return GraphError(message, 100, type="GraphMethodException", subcode=33)


def unknown_field(name: str, kind: str) -> GraphError:
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})", 100)


def unknown_path(path: str) -> GraphError:
    return GraphError(f"Unknown path components: /{path}", 2500)


def invalid(message: str, *, subcode: int | None = None, title: str = "", text: str = "") -> GraphError:
    extra: dict[str, Any] = {"is_transient": False}
    if title:
        extra |= {"error_user_title": title, "error_user_msg": text}
    return GraphError(message, 100, subcode=subcode, extra=extra)


def too_much() -> GraphError:
    """Of a report: Meta names neither a limit nor a subcode."""
    return GraphError(
        "Please reduce the amount of data you're asking for, then retry your request", 1, status=500
    )


def missing_parameter(name: str) -> GraphError:
    return GraphError(f"(#100) The parameter {name} is required", 100)


def bad_token(message: str, subcode: int | None = None, status: int = 401) -> GraphError:
    header = f'OAuth "Facebook Platform" "invalid_token" "{message}"'
    return GraphError(message, 190, subcode=subcode, status=status, headers={"WWW-Authenticate": header})


def forbidden(message: str) -> GraphError:
    return GraphError(f"(#200) {message}", 200, status=403)


def outage() -> GraphError:
    return GraphError("Service temporarily unavailable", 2, status=500, extra={"is_transient": True})


_LIMITS = {
    4: ("(#4) Application request limit reached", 403, None),
    17: ("(#17) User request limit reached", 400, 2446079),
    32: ("(#32) Page request limit reached", 400, None),
    613: ("(#613) Calls to this api have exceeded the rate limit.", 400, 1487742),
    80000: (
        "(#80000) There have been too many calls from this ad-account. Wait a bit and try again.",
        400,
        2446079,
    ),
    80004: (
        "(#80004) There have been too many calls to this ad-account. Wait a bit and try again.",
        400,
        2446079,
    ),
}
LIMIT_CODES = tuple(_LIMITS)


def rate_limited(
    code: int, *, status: int | None = None, headers: dict[str, str] | None = None
) -> GraphError:
    message, usual, subcode = _LIMITS[code]
    return GraphError(
        message,
        code,
        subcode=subcode,
        status=status or usual,
        extra={"is_transient": True},
        headers=headers or {},
    )
