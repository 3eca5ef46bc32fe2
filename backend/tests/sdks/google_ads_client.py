"""Google's own client for Google Ads, unmodified but for its address: a call a line on stdin, its answer on stdout.

The first line says where everything is. Each of the others is a call, `{"service", "method", "request", "login"?,
"version"?}`, or fields to be compared with Google's messages, `{"declared"}`.
"""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from google.api_core.exceptions import GoogleAPICallError
from google.oauth2.credentials import Credentials
from google.protobuf import descriptor, json_format

SECONDS = 60.0
_KINDS = {
    descriptor.FieldDescriptor.TYPE_INT64: {"INT64"},
    descriptor.FieldDescriptor.TYPE_INT32: {"INT32"},
    descriptor.FieldDescriptor.TYPE_DOUBLE: {"DOUBLE"},
    descriptor.FieldDescriptor.TYPE_BOOL: {"BOOLEAN"},
    descriptor.FieldDescriptor.TYPE_STRING: {"STRING", "RESOURCE_NAME", "DATE"},
    descriptor.FieldDescriptor.TYPE_ENUM: {"ENUM"},
}
Json = dict[str, Any]


def main() -> None:
    told = json.loads(sys.stdin.readline())
    credentials = Credentials(None, **told["credentials"])

    def client(login: str | None, version: str | None) -> Any:
        return GoogleAdsClient(
            credentials,
            endpoint=told["endpoint"],
            login_customer_id=login,
            version=version,
            use_proto_plus=True,
        )

    for line in sys.stdin:
        asked = json.loads(line)
        answer = {"wrong": _wrong(asked["declared"])} if "declared" in asked else _called(client, asked)
        sys.stdout.write(f"{json.dumps(answer | {'token': credentials.token})}\n")
        sys.stdout.flush()


def _called(client: Callable[..., Any], asked: Json) -> Json:
    service = client(asked.get("login"), asked.get("version")).get_service(asked["service"])
    try:
        # Without the client's own retries, which wait for seconds.
        found = getattr(service, asked["method"])(request=asked["request"], retry=None, timeout=SECONDS)
        return _answer(found)
    except GoogleAdsException as error:
        return {
            "raised": "GoogleAdsException",
            "status": error.error.code().name,
            "message": error.error.details(),
            "request_id": error.request_id,
            "failure": _dict(error.failure),
        }
    except GoogleAPICallError as error:
        return {
            "raised": type(error).__name__,
            "status": error.grpc_status_code.name,
            "message": error.message,
            "details": [_dict(one) for one in error.details],
        }


def _answer(found: Any) -> Json:
    if hasattr(found, "pages"):
        pages = [_dict(page) for page in found.pages]
        return {"pages": pages, "rows": [row for page in pages for row in page.get("results", [])]}
    if hasattr(type(found), "pb"):
        return {"answer": _dict(found)}
    batches = [_dict(batch) for batch in found]
    return {"batches": batches, "rows": [row for batch in batches for row in batch.get("results", [])]}


def _dict(message: Any) -> Json:
    pure = type(message).pb(message) if hasattr(type(message), "pb") else message
    found: Json = json_format.MessageToDict(pure)
    return found


def _wrong(declared: list[Json]) -> list[str]:
    """Which fields of queries are not in Google's own messages as they are declared, and how."""
    rows = importlib.import_module("google.ads.googleads.v26.services.types.google_ads_service").GoogleAdsRow
    top = rows.pb(rows()).DESCRIPTOR
    found = [(field["name"], _fault(top, field)) for field in declared]
    return [f"{name}: {fault}" for name, fault in found if fault]


def _fault(top: Any, declared: Json) -> str:
    message, field = top, None
    for part in declared["name"].split("."):
        # A field whose name is a word of Python's has an underscore behind it there.
        field = message and (message.fields_by_name.get(part) or message.fields_by_name.get(f"{part}_"))
        if field is None:
            return "there is no such field"
        message = field.message_type
    if declared["type"] == "MESSAGE":
        return ""
    if field is None or declared["type"] not in _KINDS.get(field.type, set()):
        return f"it is no {declared['type']}"
    unknown = set(declared["values"]) - set(field.enum_type.values_by_name if field.enum_type else ())
    return f"it has no {sorted(unknown)}" if unknown else ""


if __name__ == "__main__":
    main()
