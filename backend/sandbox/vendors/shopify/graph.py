"""The Admin API's queries, answered by a schema of what is emulated. The rest is Shopify's own error."""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from sandbox.vendors.shopify import constants as ids
from sandbox.vendors.shopify.cost import cost_of
from sandbox.vendors.shopify.errors import GraphError
from sandbox.vendors.shopify.hooks import Hooks
from sandbox.vendors.shopify.limits import Bucket
from sandbox.vendors.shopify.records import Records, Sale
from sandbox.vendors.shopify.rendering import gid, order, told

_CURRENCIES = "USD EUR HUF JPY KWD GBP CAD"
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?('[^']*'|\"[^\"]*\"|\S+)")
_MOST_PAGE = 250
_NO_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


class Graph:
    def __init__(self, records: Records, hooks: Hooks, bucket: Bucket) -> None:
        sdl = Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8")
        self._schema: GraphQLSchema = build_schema(sdl.replace("%(currencies)s", _CURRENCIES))
        self._records = records
        self._hooks = hooks
        self._bucket = bucket

    def answer(self, body: Any, most_rows: int | None) -> dict[str, Any]:
        """The whole body of an answer. `most_rows`: an ordered fault keeps pages short."""
        if not isinstance(body, Mapping) or not isinstance(body.get("query"), str):
            raise GraphError("Missing or invalid query.")
        variables = body.get("variables") or {}
        try:
            document = parse(body["query"])
        except GraphQLError as error:
            raise GraphError(error.message) from error
        if faults := validate(self._schema, document):
            return {"errors": [_worded(each) for each in faults]}
        requested = cost_of(self._schema, document, variables)
        cost = self._bucket.pay(requested, requested)
        root = _Root(self._records, self._hooks, most_rows)
        done = execute_sync(self._schema, document, root_value=root, variable_values=variables)
        said: dict[str, Any] = {"data": done.data, "extensions": {"cost": cost}}
        if done.errors:
            said["errors"] = [_worded(each) for each in done.errors]
        return said


class _Root:
    """What the fields of the query and of the mutation resolve to."""

    def __init__(self, records: Records, hooks: Hooks, most_rows: int | None) -> None:
        self._records = records
        self._hooks = hooks
        self._most = most_rows

    def shop(self, _info: Any) -> dict[str, Any]:
        shop = self._records.house.shop
        return {
            "id": gid("Shop", ids.SHOP_ID),
            "name": shop.name,
            "myshopifyDomain": ids.SHOP,
            "currencyCode": shop.currency,
            "ianaTimezone": shop.timezone,
        }

    def order(self, _info: Any, id: str) -> dict[str, Any] | None:  # noqa: A002  (the schema's name)
        sale = self._sale(id)
        return None if sale is None else order(sale)

    def nodes(self, _info: Any, ids: list[str]) -> list[dict[str, Any] | None]:
        found = [self._sale(each) for each in ids]
        return [None if sale is None else order(sale) for sale in found]

    def orders(
        self,
        _info: Any,
        *,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str = "PROCESSED_AT",  # noqa: N803
        reverse: bool = False,
    ) -> dict[str, Any]:
        if first is None or not 0 < first <= _MOST_PAGE:
            raise GraphQLError("you must provide one of first or last")
        if sortKey != "UPDATED_AT":
            raise GraphQLError(f"The sandbox does not emulate the sort key {sortKey}.")
        since, until, name = _searched(query or "")
        if name is not None:
            sale = self._records.by_name(name)
            rows = [] if sale is None else [(sale.updated, sale.id)]
        else:
            rows = list(self._records.between(since, until))
        if reverse:
            rows.reverse()
        if after is not None:
            place = _opened(after)
            rows = [row for row in rows if (row < place if reverse else row > place)]
        shown = rows[: min(first, self._most or first)]
        sales = [sale for _, number in shown if (sale := self._records.find(number)) is not None]
        edges = [
            {"cursor": _sealed(row), "node": order(sale)} for row, sale in zip(shown, sales, strict=True)
        ]
        return {
            "edges": edges,
            "nodes": [each["node"] for each in edges],
            "pageInfo": {
                "hasNextPage": len(rows) > len(shown),
                "hasPreviousPage": after is not None,
                "startCursor": edges[0]["cursor"] if edges else None,
                "endCursor": edges[-1]["cursor"] if edges else None,
            },
        }

    def webhookSubscriptions(  # noqa: N802
        self, _info: Any, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        del after
        if first is None:
            raise GraphQLError("you must provide one of first or last")
        found = [_hook(each) for each in self._hooks.subscribed()]
        return {
            "nodes": found[:first],
            "pageInfo": {"hasNextPage": len(found) > first, "hasPreviousPage": False},
        }

    def webhookSubscriptionCreate(  # noqa: N802
        self,
        _info: Any,
        topic: str,
        webhookSubscription: dict[str, Any],  # noqa: N803
    ) -> dict[str, Any]:
        name = _TOPICS[topic]
        fault = self._hooks.fault(name, webhookSubscription.get("uri"))
        if fault is not None:
            return {
                "webhookSubscription": None,
                "userErrors": [{"field": ["webhookSubscription", "callbackUrl"], "message": fault}],
            }
        fields = list(webhookSubscription.get("includeFields") or ())
        made = self._hooks.subscribe(name, str(webhookSubscription["uri"]), self._records.now(), fields)
        return {"webhookSubscription": _hook(made), "userErrors": []}

    def webhookSubscriptionDelete(self, _info: Any, id: str) -> dict[str, Any]:  # noqa: A002, N802
        number = id.rpartition("/")[2]
        if not number.isdecimal() or not self._hooks.drop(int(number)):
            missing = [{"field": ["id"], "message": "Webhook subscription does not exist"}]
            return {"deletedWebhookSubscriptionId": None, "userErrors": missing}
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    def _sale(self, name: str) -> Sale | None:
        kind, _, number = name.removeprefix("gid://shopify/").partition("/")
        if not number.isdecimal():
            raise GraphQLError(f"Invalid global id '{name}'")
        return self._records.find(int(number)) if kind == "Order" else None


_TOPICS = {
    "ORDERS_CREATE": "orders/create",
    "ORDERS_UPDATED": "orders/updated",
    "REFUNDS_CREATE": "refunds/create",
    "APP_UNINSTALLED": "app/uninstalled",
}
_ENUMS = {topic: name for name, topic in _TOPICS.items()}


def _hook(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "__typename": "WebhookSubscription",
        "id": gid("WebhookSubscription", row["id"]),
        "topic": _ENUMS[row["topic"]],
        "uri": row["uri"],
        "format": "JSON",
        "includeFields": row["fields"],
        "createdAt": told(row["at"]),
    }


def _searched(text: str) -> tuple[int | None, int | None, str | None]:
    """The bounds of `updated_at`, both included, and a name. What Shopify does not know it does not filter by."""
    since: int | None = None
    until: int | None = None
    name = None
    for key, operator, quoted in _TERM.findall(text):
        value = quoted.strip("'\"")
        if key == "name":
            name = value
        if key != "updated_at":
            continue
        at = int(_moment(value).timestamp())
        if operator == ">=":
            since = at
        elif operator == ">":
            since = at + 1
        elif operator == "<=":
            until = at
        elif operator == "<":
            until = at - 1
    return since, until, name


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphQLError(f"Invalid timestamp for query filter `updated_at`: {text}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _sealed(row: tuple[int, int]) -> str:
    text = json.dumps({"last_id": row[1], "last_value": row[0]})
    return base64.b64encode(text.encode()).decode()


def _opened(cursor: str) -> tuple[int, int]:
    try:
        held = json.loads(base64.b64decode(cursor, validate=True))
        return int(held["last_value"]), int(held["last_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error


def _worded(error: GraphQLError) -> dict[str, Any]:
    """As Shopify words it: what a schema does not have is an undefined field."""
    said: dict[str, Any] = {"message": error.message}
    if error.locations:
        said["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if found := _NO_FIELD.search(error.message):
        field, kind = found.groups()
        kind = {"Query": "QueryRoot"}.get(kind, kind)
        said["message"] = f"Field '{field}' doesn't exist on type '{kind}'"
        said["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": field}
    return said
