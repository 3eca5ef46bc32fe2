"""One ad account at Meta."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.services.integrations.ads.ports import AdState
from app.services.integrations.campaigns.ports import Created, Made, MadeType
from app.services.integrations.meta import ads, conversions, creation, mapping
from app.services.integrations.meta.account import MetaAccount, invalid, may_only_read
from app.services.integrations.meta.ad_making import MetaAdMaking
from app.services.integrations.meta.money import NotMoney, from_units, to_units
from app.services.integrations.meta.reports import Reports
from app.services.integrations.meta.transport import PLATFORM, GraphTransport
from app.services.integrations.ports import (
    CREATE_AD_SET,
    CREATE_CAMPAIGN,
    SET_DAILY_BUDGET,
    SET_LIFETIME_BUDGET,
    SET_STATUS,
    Acknowledgement,
    Applied,
    BudgetedType,
    ConversionEvent,
    ConversionSettings,
    EntityState,
    EventRefused,
    MetricsReading,
    Permits,
    PlatformError,
    PlatformErrorKind,
    PreparedEvent,
    RemoteEdit,
    mutates,
)
from app.services.trust_engine.gate.permits import Change, Permit

_PAGE = "200"
_ODD = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What reading a row of another shape raises."""
_SHARED_STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
_STATUSES = {"campaigns": _SHARED_STATUSES, "adsets": (*_SHARED_STATUSES, "CAMPAIGN_PAUSED")}
"""What to list: an archived campaign still has days to restate, a deleted one is gone."""
_BUDGETED: dict[str, str] = {"campaign": mapping.CAMPAIGN_FIELDS, "ad_set": mapping.AD_SET_FIELDS}


class MetaClient:
    platform = PLATFORM

    def __init__(
        self,
        transport: GraphTransport,
        permits: Permits,
        *,
        token: str,
        account: str,
        currency: str,
        read_only: bool,
        own_app: bool,
    ) -> None:
        self._transport = transport
        self._token = token
        self._currency = currency
        self._own_app = own_app
        self.read_only = read_only
        self._account = MetaAccount(
            transport, permits, token=token, number=account, read_only=read_only, own_app=own_app
        )
        self._reports = Reports(transport, token=token, account=account, own_app=own_app)
        self._making = MetaAdMaking(self._account)

    async def list_campaigns(self) -> list[EntityState]:
        rows = await self._list("list_campaigns", "campaigns", mapping.CAMPAIGN_FIELDS)
        return [self._state("campaign", row) for row in rows]

    async def list_ad_sets(self) -> list[EntityState]:
        rows = await self._list("list_ad_sets", "adsets", mapping.AD_SET_FIELDS)
        return [self._state("ad_set", row) for row in rows]

    async def list_ads(self) -> list[AdState]:
        return await self._ads({})

    async def ads_changed_since(self, since: datetime) -> list[AdState]:
        return await self._ads({"updated_since": str(int(since.timestamp()))})

    async def account_status(self) -> str:
        row = await self._account.look("account_status", self._account.node, {"fields": "account_status"})
        try:
            return mapping.account_status(row)
        except _ODD as error:
            raise _malformed(f"An account came without {error}.") from error

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState:
        fields = _BUDGETED[entity_type]
        row = await self._account.look("read_entity", external_id, {"fields": fields})
        self._account.demand_this(row)
        return self._state(entity_type, row)

    async def fetch_metrics(self, since: date, until: date, conversion: ConversionSettings) -> MetricsReading:
        params = {
            "level": "adset",
            "time_increment": "1",
            "fields": mapping.INSIGHT_FIELDS,
            "action_attribution_windows": json.dumps(mapping.windows(conversion)),
            "limit": "500",
        }
        rows = await self._reports.rows(since, until, params)
        try:
            return mapping.metrics(rows, currency=self._currency, conversion=conversion)
        except _ODD as error:
            raise _malformed(f"A report's row came without {error}.") from error

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]:
        params = {
            "since": str(int(since.timestamp())),
            "until": str(int(until.timestamp()) + 1),
            "fields": mapping.ACTIVITY_FIELDS,
            "limit": _PAGE,
        }
        rows = self._account.pages("recent_edits", f"{self._account.node}/activities", params)
        try:
            return [mapping.edit(row) async for row in rows]
        except _ODD as error:
            raise _malformed(f"A log's entry came without {error}.") from error

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        params = {"dataset_id": pixel_id, "fields": "web{event_name,event_match_quality}"}
        body = await self._account.look("event_match_quality", "dataset_quality", params)
        try:
            return conversions.match_quality(body)
        except _ODD as error:
            raise _malformed(f"A figure came without {error}.") from error

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
        return conversions.prepare(event, now)

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        if self.read_only:
            raise may_only_read()
        body = await self._transport.post(
            "send_events",
            f"{pixel_id}/events",
            {"data": json.dumps([dict(one.body) for one in events])},
            token=self._token,
            own_app=self._own_app,
        )
        received = body.get("events_received")
        if not isinstance(received, int):
            raise _malformed("No count of events came back.")
        return Acknowledgement(received, {k: body[k] for k in ("fbtrace_id", "messages") if k in body})

    @mutates
    async def set_daily_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_DAILY_BUDGET, "daily_budget", change, permit)

    @mutates
    async def set_lifetime_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_LIFETIME_BUDGET, "lifetime_budget", change, permit)

    @mutates
    async def set_status(self, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, SET_STATUS, {"status"})
        status = mapping.status_to_meta(str(change.after["status"]))
        # A stop is never held back by a breaker or a limit of our own.
        return await self._write(change, permit, {"status": status}, is_stop=status == "PAUSED")

    @mutates
    async def create_campaign(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_CAMPAIGN, "campaigns", change, permit)

    @mutates
    async def create_ad_set(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_AD_SET, "adsets", change, permit)

    @mutates
    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        return await self._making.upload_image(change, permit, content)

    @mutates
    async def create_creative(self, change: Change, permit: Permit) -> Created:
        return await self._making.create_creative(change, permit)

    @mutates
    async def create_ad(self, change: Change, permit: Permit) -> Created:
        return await self._making.create_ad(change, permit)

    @mutates
    async def remove_creative(self, change: Change, permit: Permit) -> Applied:
        return await self._making.remove_creative(change, permit)

    @mutates
    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        return await self._making.remove_ad(change, permit)

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        return await self._making.find_made(kind, name, parent)

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        return await self._making.read_made(kind, external_id)

    async def least_daily_micros(self, entity_type: BudgetedType) -> int | None:
        """Meta's own word for this account; the same at both levels."""
        del entity_type
        row = await self._account.look(
            "least_daily_budget", self._account.node, {"fields": "min_daily_budget"}
        )
        least = row.get("min_daily_budget")
        return from_units(least, self._currency) if isinstance(least, int) else None

    async def _create(self, operation: str, edge: str, change: Change, permit: Permit) -> Created:
        kind = "campaign" if operation == CREATE_CAMPAIGN else "ad_set"
        self._account.demand_new(change, operation, kind)
        told = creation.campaign if operation == CREATE_CAMPAIGN else creation.ad_set
        try:
            params = told(change.after, self._currency)
        except (KeyError, ValueError) as error:
            raise invalid("meta.not_creatable", f"Meta has no word for this: {error}.") from error
        await self._account.may_leave()
        if operation == CREATE_AD_SET:
            await self._account.demand_own(str(change.after["campaign"]), is_stop=False)
        body = await self._account.send(change, permit, f"{self._account.node}/{edge}", params)
        if not str(body.get("id") or "").isdigit():
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "meta.no_id", "Meta did not say what it had created."
            )
        return Created(str(body["id"]))

    async def _set_budget(self, operation: str, name: str, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, operation, {f"{name}_micros"})
        micros = change.after[f"{name}_micros"]
        if not isinstance(micros, int) or isinstance(micros, bool) or micros <= 0:
            raise invalid("meta.not_a_budget", "A budget is a positive whole number of micros.")
        try:
            units = to_units(micros, self._currency)
        except NotMoney as error:
            raise invalid("meta.not_money", str(error)) from error
        return await self._write(change, permit, {name: str(units)})

    async def _write(
        self, change: Change, permit: Permit, params: Mapping[str, str], *, is_stop: bool = False
    ) -> Applied:
        if not is_stop:
            await self._account.may_leave()
        await self._account.demand_own(change.entity, is_stop=is_stop)
        body = await self._account.send(change, permit, change.entity, params, patient=is_stop)
        if body.get("success") is not True:
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "meta.no_success", "Meta did not say whether it was applied."
            )
        return Applied()

    def _is_ours(self, change: Change, operation: str, facts: set[str]) -> None:
        """Refuse, before a permit is spent, what could never be meant for this method of this account."""
        self._account.demand_for_here(change, operation)
        if change.entity_type not in _BUDGETED or not change.entity.isdigit():
            raise invalid("meta.not_an_entity", "Only campaigns and ad sets are changed here.")
        if set(change.after) != facts:
            raise invalid(
                "meta.other_facts", f"{operation} sets {', '.join(sorted(facts))} and nothing else."
            )

    def _state(self, entity_type: BudgetedType, row: Mapping[str, Any]) -> EntityState:
        try:
            return mapping.entity(entity_type, row, account_id=self._account.number, currency=self._currency)
        except NotMoney as error:
            raise PlatformError(PlatformErrorKind.UNSUPPORTED, "meta.not_money", str(error)) from error
        except _ODD as error:
            raise _malformed(f"An object came without {error}.") from error

    async def _ads(self, more: Mapping[str, str]) -> list[AdState]:
        params = {"fields": ads.FIELDS, "limit": ads.PAGE, "effective_status": json.dumps(ads.STATUSES)}
        rows = self._account.pages("list_ads", f"{self._account.node}/ads", {**params, **more})
        try:
            return [ads.ad(row) async for row in rows]
        except _ODD as error:
            raise _malformed(f"An ad came without {error}.") from error

    async def _list(self, operation: str, edge: str, fields: str) -> list[dict[str, Any]]:
        params = {"fields": fields, "limit": _PAGE, "effective_status": json.dumps(_STATUSES[edge])}
        return [row async for row in self._account.pages(operation, f"{self._account.node}/{edge}", params)]


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "meta.malformed", message)
