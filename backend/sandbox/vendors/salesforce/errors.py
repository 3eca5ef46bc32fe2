"""Salesforce's refusals: a status, and a list whose entries have an `errorCode` that programs read."""

from typing import Any


class SalesforceError(Exception):
    """`fields` are those of a record that are to blame."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields

    def entry(self) -> dict[str, Any]:
        found: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return found if self.fields is None else found | {"fields": list(self.fields)}

    def body(self) -> Any:
        return [self.entry()]

    def of_record(self) -> dict[str, Any]:
        """As a collection tells what became of one of its records."""
        fields = list(self.fields or ())
        return {"statusCode": self.code, "message": self.message, "fields": fields}


class OAuthError(SalesforceError):
    """The sign-in says RFC 6749's word, in an object."""

    def body(self) -> Any:
        return {"error": self.code, "error_description": self.message}


def not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def not_supported(method: str, path: str) -> SalesforceError:
    return SalesforceError("NOT_FOUND", f"The sandbox does not emulate {method} {path}.", status=404)


def bad_session() -> SalesforceError:
    return SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def limit_exceeded() -> SalesforceError:
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def no_such_type(name: str) -> SalesforceError:
    return SalesforceError(
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def no_such_field(name: str, kind: str, where: str = "") -> SalesforceError:
    """`where` shows the place in a query."""
    return SalesforceError(
        "INVALID_FIELD",
        f"{where}No such column '{name}' on entity '{kind}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def unavailable() -> SalesforceError:
    message = "We are down for maintenance. Sorry for the inconvenience."
    return SalesforceError("SERVER_UNAVAILABLE", message, status=503)
