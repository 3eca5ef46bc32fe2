"""One ad account at TikTok."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.core.logging import get_logger
from app.services.integrations.ads.ports import AdState
from app.services.integrations.campaigns.ports import Created
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
from app.services.integrations.tiktok import ads, changes, conversions, creation, mapping
from app.services.integrations.tiktok.change_log import PAUSES, ChangeLogs
from app.services.integrations.tiktok.money import NotMoney, least_daily, to_budget
from app.services.integrations.tiktok.transport import PLATFORM, BusinessTransport, data_of
from app.services.trust_engine.gate.permits import Change, Permit

log = get_logger(__name__)

_PAGE = 1_000
_ODD = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What reading a row of another shape raises."""
_PASSING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})
_PATHS: dict[str, str] = {"campaign": "campaign", "ad_set": "adgroup"}
_FIELDS = {"campaign": mapping.CAMPAIGN_FIELDS, "ad_set": mapping.AD_GROUP_FIELDS}
_LOG_MARGIN = timedelta(days=1)
"""Asked for around the time that is wanted: TikTok does not say in whose time zone it reads the bounds."""


class TikTokClient:
    platform = PLATFORM

    def __init__(
        self,
        transport: BusinessTransport,
        permits: Permits,
        *,
        token: str,
        account: str,
        currency: str,
        timezone: str,
        read_only: bool,
        log_pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._transport = transport
        self._permits = permits
        self._token = token
        self._account = account
        self._currency = currency
        self._timezone = timezone
        self._change_logs = ChangeLogs(
            transport, token=token, account=account, timezone=timezone, pauses=log_pauses
        )
        self.read_only = read_only

    async def list_campaigns(self) -> list[EntityState]:
        return await self._list("list_campaigns", "campaign")

    async def list_ad_sets(self) -> list[EntityState]:
        return await self._list("list_ad_sets", "ad_set")

    async def list_ads(self) -> list[AdState]:
        return await ads.listed(self._transport, self._account, token=self._token)

    async def account_status(self) -> str:
        return await ads.account_status(self._transport, self._account, token=self._token)

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState:
        path, params = self._one(entity_type, external_id)
        data = await self._transport.read("read_entity", path, params, token=self._token)
        return self._state(entity_type, self._only(data, external_id))

    async def fetch_metrics(self, since: date, until: date, conversion: ConversionSettings) -> MetricsReading:
        """Each ad group counts by its own windows: TikTok's reports know no others."""
        metrics = ["campaign_id", "spend", "impressions", "clicks", *mapping.counted(conversion)]
        rows: list[dict[str, Any]] = []
        for first, last in mapping.spans(since, until):
            params = {
                "advertiser_id": self._account,
                "report_type": "BASIC",
                "data_level": "AUCTION_ADGROUP",
                "dimensions": ["adgroup_id", "stat_time_day"],
                "metrics": metrics,
                "start_date": first.isoformat(),
                "end_date": last.isoformat(),
                "filtering": [_every_status("adgroup_status")],
                "page_size": _PAGE,
            }
            pages = self._transport.pages("fetch_metrics", "report/integrated/get", params, token=self._token)
            rows += await self._report(pages)
        try:
            return mapping.metrics(rows, currency=self._currency, conversion=conversion)
        except _ODD as error:
            raise _malformed(f"A report's row came without {error}.") from error

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]:
        """Out of the change log, a file that TikTok writes when asked; `EditsNotReady` while it does.

        An app may lack the permission for it: then nothing is known of foreign edits, and the log says so.
        """
        try:
            text = await self._change_logs.text(since - _LOG_MARGIN, until + _LOG_MARGIN)
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.PERMISSION:
                raise
            log.warning("integrations.tiktok.no_change_log", account=self._account, code=error.code)
            return []
        try:
            found = changes.edits(text, self._timezone)
        except changes.NotALog as error:
            raise _malformed(str(error)) from error
        # The log speaks to the minute: an edit of the first minute belongs to it.
        return [one for one in found if since - timedelta(minutes=1) < one.at <= until]

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        """TikTok shows a figure to people alone: no endpoint tells it."""
        del pixel_id
        return {}

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
        return conversions.prepare(event, now)

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        if self.read_only:
            raise _read_only()
        if len(events) > conversions.MOST_EVENTS:
            raise _invalid("tiktok.too_many_events", f"A request holds {conversions.MOST_EVENTS} events.")
        body = await self._transport.post(
            "send_events",
            "event/track",
            {
                "event_source": "web",
                "event_source_id": pixel_id,
                "data": [dict(one.body) for one in events],
            },
            token=self._token,
        )
        # TikTok takes a request whole or refuses it whole, and tells no count.
        return Acknowledgement(len(events), {k: body[k] for k in ("request_id", "message") if k in body})

    @mutates
    async def set_daily_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_DAILY_BUDGET, "daily_budget_micros", change, permit)

    @mutates
    async def set_lifetime_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_LIFETIME_BUDGET, "lifetime_budget_micros", change, permit)

    @mutates
    async def set_status(self, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, SET_STATUS, {"status"})
        operation = mapping.status_to_tiktok(str(change.after["status"]))
        kind = _PATHS[change.entity_type]
        body = {f"{kind}_ids": [change.entity], "operation_status": operation}
        # A stop is never held back by a breaker or a limit of our own.
        return await self._write(
            change, permit, f"{kind}/status/update", body, is_stop=operation == "DISABLE"
        )

    @mutates
    async def create_campaign(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_CAMPAIGN, "campaign", change, permit)

    @mutates
    async def create_ad_set(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_AD_SET, "ad_set", change, permit)

    async def least_daily_micros(self, entity_type: BudgetedType) -> int | None:
        return least_daily(entity_type, self._currency)

    async def _create(
        self, operation: str, entity_type: BudgetedType, change: Change, permit: Permit
    ) -> Created:
        self._is_for_here(change, operation)
        if change.entity_type != entity_type or change.before:
            raise _invalid("tiktok.other_change", f"{operation} creates what was not there.")
        await self._transport.may_leave()
        try:
            if entity_type == "campaign":
                body = creation.campaign(change.after, self._currency)
            else:
                body = creation.ad_group(change.after, self._currency, await self._pixel(change.after))
                await self._owned("campaign", str(change.after["campaign"]))
        except (KeyError, ValueError) as error:
            raise _invalid("tiktok.not_creatable", f"TikTok has no word for this: {error}.") from error
        kind = _PATHS[entity_type]
        answer = await self._send(change, permit, f"{kind}/create", body)
        found = str(data_of(answer).get(f"{kind}_id") or "")
        if not found.isdecimal():
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "tiktok.no_id", "TikTok did not say what it had created."
            )
        return Created(found, str(answer["request_id"]) if answer.get("request_id") else None)

    async def _pixel(self, after: Mapping[str, Any]) -> str | None:
        """TikTok's number of a pixel; everywhere else it is named by its code."""
        if after.get("pixel") is None:
            return None
        params = {"advertiser_id": self._account, "code": str(after["pixel"])}
        data = await self._transport.ask("read_pixel", "pixel/list", params, token=self._token)
        for row in data.get("pixels") or ():
            if str(row.get("pixel_code")) == params["code"]:
                return str(row["pixel_id"])
        raise _invalid("tiktok.no_pixel", "This ad account has no such pixel.")

    async def _owned(self, entity_type: BudgetedType, entity: str) -> dict[str, Any]:
        """The entity, asked for within this account."""
        path, params = self._one(entity_type, entity)
        return self._only(await self._transport.ask("read_owner", path, params, token=self._token), entity)

    async def _set_budget(self, operation: str, fact: str, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, operation, {fact})
        micros = change.after[fact]
        if not isinstance(micros, int) or isinstance(micros, bool) or micros <= 0:
            raise _invalid("tiktok.not_a_budget", "A budget is a positive whole number of micros.")
        try:
            amount = to_budget(micros, self._currency)
        except NotMoney as error:
            raise _invalid("tiktok.not_money", str(error)) from error
        kind = _PATHS[change.entity_type]
        return await self._write(
            change, permit, f"{kind}/update", {f"{kind}_id": change.entity, "budget": amount}
        )

    async def _write(
        self, change: Change, permit: Permit, path: str, body: Mapping[str, Any], *, is_stop: bool = False
    ) -> Applied:
        if not is_stop:
            await self._transport.may_leave()
        await self._demand_own(change, is_stop=is_stop)
        answer = await self._send(change, permit, path, body, patient=is_stop)
        if change.entity not in _named(data_of(answer), _PATHS[change.entity_type]):
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS,
                "tiktok.no_success",
                "TikTok did not say whether it was applied.",
            )
        return Applied(str(answer["request_id"]) if answer.get("request_id") else None)

    async def _send(
        self, change: Change, permit: Permit, path: str, body: Mapping[str, Any], *, patient: bool = False
    ) -> dict[str, Any]:
        told = {"advertiser_id": self._account, **body}
        await self._permits.use(permit, change)
        return await self._transport.write(
            change.operation, path, told, token=self._token, permit_id=permit.id, patient=patient
        )

    async def _demand_own(self, change: Change, *, is_stop: bool) -> None:
        """Ask TikTok for the entity within this account, and that its budget is of the kind that is to be set.

        A stop that cannot learn it goes on, for nothing may hold a stop back; one for another account does not.
        """
        entity_type: BudgetedType = "campaign" if change.entity_type == "campaign" else "ad_set"
        try:
            row = await self._owned(entity_type, change.entity)
        except PlatformError as error:
            if not is_stop or error.kind not in _PASSING:
                raise
            log.warning("integrations.owner_not_asked", entity=change.entity, code=error.code)
            return
        if is_stop:
            return
        if mapping.is_automated(row):
            raise mapping.NotUnderstood(
                "tiktok.smart_plus", "A Smart+ campaign is changed in TikTok Ads Manager alone."
            )
        mode = row.get("budget_mode")
        fits = {
            SET_DAILY_BUDGET: mode in mapping.DAILY and bool(row.get("budget")),
            SET_LIFETIME_BUDGET: mode == mapping.LIFETIME and bool(row.get("budget")),
        }
        if not fits.get(change.operation, True):
            raise _invalid(
                "tiktok.other_budget", "Its budget is of another kind, or stands at the other level."
            )

    def _only(self, data: Mapping[str, Any], external_id: str) -> dict[str, Any]:
        """The one row that was asked for, of this account."""
        rows = data.get("list")
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, dict):
                raise _malformed("A row came without its fields.")
            if external_id not in {str(row.get("campaign_id")), str(row.get("adgroup_id"))}:
                continue
            if str(row.get("advertiser_id")) == self._account:
                found: dict[str, Any] = row
                return found
        raise PlatformError(
            PlatformErrorKind.PERMISSION, "tiktok.other_account", "This ad account has no such entity."
        )

    def _is_ours(self, change: Change, operation: str, facts: set[str]) -> None:
        """Refuse, before a permit is spent, what could never be meant for this method of this account."""
        self._is_for_here(change, operation)
        if change.entity_type not in _PATHS or not change.entity.isdecimal():
            raise _invalid("tiktok.not_an_entity", "Only campaigns and ad groups are changed here.")
        if set(change.after) != facts:
            raise _invalid(
                "tiktok.other_facts", f"{operation} sets {', '.join(sorted(facts))} and nothing else."
            )

    def _is_for_here(self, change: Change, operation: str) -> None:
        if self.read_only:
            raise _read_only()
        if (change.platform, change.account, change.operation) != (PLATFORM, self._account, operation):
            raise _invalid("tiktok.other_change", "This change is for another account or operation.")

    @staticmethod
    async def _report(pages: AsyncIterator[dict[str, Any]]) -> list[dict[str, Any]]:
        """Looked at as they come: rows without what tells them apart are no list that moved."""
        try:
            rows: list[dict[str, Any]] = []
            async for row in pages:
                mapping.ad_groups_day(row)
                rows.append(row)
        except _ODD as error:
            raise _malformed(f"A report's row came without {error}.") from error
        return rows

    async def _list(self, operation: str, entity_type: BudgetedType) -> list[EntityState]:
        params = {
            "advertiser_id": self._account,
            "fields": list(_FIELDS[entity_type]),
            "page_size": _PAGE,
        }
        pages = self._transport.pages(operation, f"{_PATHS[entity_type]}/get", params, token=self._token)
        return [self._state(entity_type, row) async for row in pages]

    def _one(self, entity_type: BudgetedType, external_id: str) -> tuple[str, dict[str, Any]]:
        """Where one entity is asked for; a deleted one is told as such."""
        kind = _PATHS[entity_type]
        return f"{kind}/get", {
            "advertiser_id": self._account,
            "fields": list(_FIELDS[entity_type]),
            "filtering": {f"{kind}_ids": [external_id], "primary_status": "STATUS_ALL"},
        }

    def _state(self, entity_type: BudgetedType, row: Mapping[str, Any]) -> EntityState:
        try:
            return mapping.entity(entity_type, row, account_id=self._account, currency=self._currency)
        except NotMoney as error:
            raise PlatformError(PlatformErrorKind.UNSUPPORTED, "tiktok.not_money", str(error)) from error
        except _ODD as error:
            raise _malformed(f"An object came without {error}.") from error


def _named(data: Mapping[str, Any], kind: str) -> set[str]:
    """Which entities an answer says were changed."""
    ids = data.get(f"{kind}_ids")
    listed = {str(each) for each in ids} if isinstance(ids, list) else set()
    return listed | {str(data[f"{kind}_id"])} if data.get(f"{kind}_id") else listed


def _every_status(name: str) -> dict[str, str]:
    """Deleted ones too: what was spent was spent."""
    return {"field_name": name, "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}


def _read_only() -> PlatformError:
    return PlatformError(PlatformErrorKind.PERMISSION, "tiktok.read_only", "This connection may only read.")


def _invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "tiktok.malformed", message)
