"""The Cloud API's refusals: Graph's error body, with WhatsApp's codes, titles and details."""

from secrets import token_urlsafe
from typing import Any

TITLES = {
    0: "AuthException",
    10: "Application does not have permission for this action",
    100: "Invalid parameter",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131031: "Account has been locked",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131051: "Unsupported message type",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is Paused",
    132016: "Template is Disabled",
    132018: "There's an issue with the parameters in your template",
    133010: "Account not registered",
}
_STATUS = {
    0: 401, 10: 403, 368: 403, 130429: 429, 131000: 500, 131016: 500, 131031: 403, 132001: 404, 80007: 429,
}  # fmt: skip
LIMIT_CODES = (130429, 131056, 80007)


class WhatsAppError(Exception):
    """`details` say why, for whoever sends."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        message: str | None = None,
        subcode: int | None = None,
        status: int | None = None,
        kind: str = "OAuthException",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or f"(#{code}) {TITLES[code]}"
        self.details = details
        self.subcode = subcode
        self.kind = kind
        self.status = status or _STATUS.get(code, 400)

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | {"fbtrace_id": "A" + token_urlsafe(16).replace("-", "x").replace("_", "y")}}


def told(code: int, details: str = "") -> dict[str, Any]:
    """The same error as a webhook tells it."""
    return {
        "code": code,
        "title": TITLES[code],
        "message": TITLES[code],
        "error_data": {"details": details or f"{TITLES[code]}."},
        "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes/",
    }


def bad_token(reason: str, subcode: int | None = None) -> WhatsAppError:
    return WhatsAppError(190, message=f"Error validating access token: {reason}", subcode=subcode, status=401)


def invalid(details: str, *, subcode: int | None = None) -> WhatsAppError:
    return WhatsAppError(100, details, subcode=subcode)


def unsupported(method: str, node: str) -> WhatsAppError:
    """Whatever does not exist, is not this token's, or is not emulated."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, method.lower())
    message = (
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return WhatsAppError(100, message=message, subcode=33, kind="GraphMethodException")
