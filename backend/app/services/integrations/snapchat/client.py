"""One ad account at Snapchat. A write replaces a whole entity: it is read, and sent again with one field changed."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from app.services.integrations.ads.ports import AdState
from app.services.integrations.campaigns.ports import Created, Made, MadeType
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
from app.services.integrations.snapchat import ads, conversions, creation, mapping
from app.services.integrations.snapchat.account import (
    BUDGETED,
    KINDS,
    Kind,
    SnapchatAccount,
    campaign_of,
    invalid,
    malformed,
    may_only_read,
    only,
)
from app.services.integrations.snapchat.ad_making import SnapchatAdMaking
from app.services.integrations.snapchat.money import NotMoney, to_micro
from app.services.integrations.snapchat.transport import PLATFORM, SnapchatTransport, rows
from app.services.integrations.vendor import Speaker
from app.services.trust_engine.gate.permits import Change, Permit

_PAGE = "1000"
_ODD = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What reading a row of another shape raises."""
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


class SnapchatClient:
    platform = PLATFORM

    def __init__(self, transport: SnapchatTransport, permits: Permits, speaker: Speaker) -> None:
        self._transport = transport
        self._token = speaker.token
        self._currency = speaker.currency
        self._timezone = speaker.timezone
        self._lead_event = speaker.lead_event
        self.read_only = speaker.read_only
        self._account = SnapchatAccount(transport, permits, speaker)
        self._making = SnapchatAdMaking(self._account)

    async def list_campaigns(self) -> list[EntityState]:
        return [
            self._state("campaign", row) async for row in self._account.listed("list_campaigns", "campaign")
        ]

    async def list_ad_sets(self) -> list[EntityState]:
        return [self._state("ad_set", row) async for row in self._account.listed("list_ad_sets", "ad_set")]

    async def list_ads(self) -> list[AdState]:
        shown = {str(row.get("id")): row async for row in self._account.listed("list_creatives", "creative")}
        try:
            return [ads.ad(row, shown) async for row in self._account.listed("list_ads", "ad")]
        except _ODD as error:
            raise malformed(f"An ad came without {error}.") from error

    async def account_status(self) -> str:
        body = await self._account.look("account_status", f"adaccounts/{self._account.number}")
        return mapping.account_status(only(body, KINDS["account"]))

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState:
        kind = BUDGETED[entity_type]
        body = await self._account.look("read_entity", f"{kind.plural}/{external_id}")
        row = only(body, kind)
        if entity_type == "ad_set":
            campaign = f"campaigns/{campaign_of(row)}"
            body = await self._account.look("read_owner", campaign)
            self._account.demand_this(only(body, BUDGETED["campaign"]))
        else:
            self._account.demand_this(row)
        return self._state(entity_type, row)

    async def fetch_metrics(self, since: date, until: date, conversion: ConversionSettings) -> MetricsReading:
        """By ad squad, campaign by campaign: an account can be asked by campaign alone."""
        squads: list[tuple[str, Mapping[str, Any]]] = []
        try:
            for first, last in mapping.spans(since, until):
                query = mapping.stats_query(first, last, conversion, timezone=self._timezone)
                delivered = await self._stats(f"adaccounts/{self._account.number}", "campaign", query)
                for campaign, whole in {str(row["id"]): row for row in delivered}.items():
                    found = await self._of_campaign(campaign, query)
                    squads += [(campaign, row) for row in ([whole] if found is None else found)]
            return mapping.metrics(
                squads, currency=self._currency, timezone=self._timezone, conversion=conversion
            )
        except _ODD as error:
            raise malformed(f"A report came without {error}.") from error

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]:
        """There is a log for each entity and none for all: those are asked that were changed since."""
        found: list[RemoteEdit] = []
        for name, kind in BUDGETED.items():
            touched = self._account.listed("recent_edits", name, read_deleted_entities="true")
            changed = [str(row["id"]) async for row in touched if mapping.touched_since(row, since)]
            for entity in changed:
                found += await self._log(kind, entity)
        return [one for one in found if since <= one.at <= until]

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        """Snapchat scores signals for approved partners alone: unknown, and shown as that."""
        del pixel_id
        return {}

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
        return conversions.prepare(event, now, self._lead_event)

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        if self.read_only:
            raise may_only_read()
        body = await self._transport.post(pixel_id, [one.body for one in events], token=self._token)
        if str(body.get("status", "")).upper() != "VALID":
            raise malformed("No verdict on the events came back.")
        told: dict[str, Any] = {name: body[name] for name in ("status", "reason") if name in body}
        return Acknowledgement(len(events), told)

    @mutates
    async def set_daily_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_DAILY_BUDGET, "daily_budget_micros", change, permit)

    @mutates
    async def set_lifetime_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_LIFETIME_BUDGET, "lifetime_budget_micros", change, permit)

    @mutates
    async def set_status(self, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, SET_STATUS, {"status"})
        status = mapping.status_to_snapchat(str(change.after["status"]))
        # A stop is never held back by a breaker or a limit of our own.
        return await self._write(change, permit, ("status", status), is_stop=status == "PAUSED")

    @mutates
    async def create_campaign(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_CAMPAIGN, "campaign", change, permit)

    @mutates
    async def create_ad_set(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_AD_SET, "ad_set", change, permit)

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
    async def remove_ad(self, change: Change, permit: Permit) -> Applied:
        return await self._making.remove_ad(change, permit)

    async def find_made(self, kind: MadeType, name: str, parent: str | None = None) -> Made | None:
        return await self._making.find_made(kind, name, parent)

    async def read_made(self, kind: MadeType, external_id: str) -> Made:
        return await self._making.read_made(kind, external_id)

    async def least_daily_micros(self, entity_type: BudgetedType) -> int | None:
        return creation.least_daily(entity_type, self._currency)

    async def _create(
        self, operation: str, entity_type: BudgetedType, change: Change, permit: Permit
    ) -> Created:
        self._account.demand_new(change, operation, entity_type)
        await self._account.may_leave()
        kind, parent = BUDGETED[entity_type], f"adaccounts/{self._account.number}"
        try:
            if entity_type == "campaign":
                row = creation.campaign(change.after, self._account.number)
            else:
                row = creation.ad_squad(change.after)
                parent = f"campaigns/{row['campaign_id']}"
                self._account.demand_this(
                    await self._account.ask(parent, BUDGETED["campaign"], is_stop=False)
                )
        except (KeyError, ValueError) as error:
            raise invalid("snapchat.not_creatable", f"Snapchat has no word for this: {error}.") from error
        body = await self._account.leave(change, permit, "POST", parent, row)
        found = rows(body, kind.plural, kind.singular)
        if len(found) != 1 or not _ID.fullmatch(str(found[0].get("id", ""))):
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, "snapchat.no_id", "Snapchat did not say what it had created."
            )
        return Created(str(found[0]["id"]), str(body["request_id"]) if body.get("request_id") else None)

    async def _set_budget(self, operation: str, fact: str, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, operation, {fact})
        wanted = change.after[fact]
        try:
            micros = to_micro(wanted if isinstance(wanted, int) else -1)
        except NotMoney as error:
            raise invalid(
                "snapchat.not_a_budget", "A budget is a positive whole number of micros."
            ) from error
        names = mapping.DAILY if operation == SET_DAILY_BUDGET else mapping.LIFETIME
        entity_type: BudgetedType = "campaign" if change.entity_type == "campaign" else "ad_set"
        return await self._write(change, permit, (names[entity_type], micros))

    async def _write(
        self, change: Change, permit: Permit, field: tuple[str, Any], *, is_stop: bool = False
    ) -> Applied:
        kind, (name, value) = BUDGETED[change.entity_type], field
        if not is_stop:
            await self._account.may_leave()
        row, parent = await self._own(change, is_stop=is_stop)
        _demand_same_kind(change.entity_type, row, name)
        wanted = mapping.whole(row) | {name: value}
        body = await self._account.leave(change, permit, "PUT", parent, wanted, is_stop=is_stop)
        if _held(body, kind, change.entity).get(name) != value:
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS,
                "snapchat.no_success",
                "Snapchat did not say whether it was applied.",
            )
        return Applied(str(body["request_id"]) if body.get("request_id") else None)

    async def _own(self, change: Change, *, is_stop: bool) -> tuple[dict[str, Any], str]:
        """The entity as it stands, and the path of what it belongs to; refuses one of another account.

        One token reaches many accounts, and an id says nothing of its own. A stop asks whatever our own limits say.
        """
        kind = BUDGETED[change.entity_type]
        row = await self._account.ask(f"{kind.plural}/{change.entity}", kind, is_stop=is_stop)
        if change.entity_type == "campaign":
            self._account.demand_this(row)
            return row, f"adaccounts/{self._account.number}"
        path = f"campaigns/{campaign_of(row)}"
        self._account.demand_this(await self._account.ask(path, BUDGETED["campaign"], is_stop=is_stop))
        return row, path

    def _is_ours(self, change: Change, operation: str, facts: set[str]) -> None:
        """Refuse, before a permit is spent, what could never be meant for this method of this account."""
        self._account.demand_for_here(change, operation)
        if change.entity_type not in BUDGETED or not _ID.fullmatch(change.entity):
            raise invalid("snapchat.not_an_entity", "Only campaigns and ad squads are changed here.")
        if set(change.after) != facts:
            raise invalid(
                "snapchat.other_facts", f"{operation} sets {', '.join(sorted(facts))} and nothing else."
            )

    def _state(self, entity_type: BudgetedType, row: Mapping[str, Any]) -> EntityState:
        try:
            return mapping.entity(entity_type, row, account_id=self._account.number, currency=self._currency)
        except NotMoney as error:
            raise PlatformError(PlatformErrorKind.UNSUPPORTED, "snapchat.not_money", str(error)) from error
        except _ODD as error:
            raise malformed(f"An object came without {error}.") from error

    async def _log(self, kind: Kind, entity: str) -> list[RemoteEdit]:
        """What was deleted may have no log any more: that it is gone is what the list itself says."""
        path = f"{kind.plural}/{entity}/external_changelogs"
        found: list[RemoteEdit] = []
        try:
            async for body in self._account.pages("recent_edits", path, {"limit": _PAGE}):
                found += [self._edit(row) for row in rows(body, "changelogs", "changelog")]
        except PlatformError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        return found

    @staticmethod
    def _edit(row: Mapping[str, Any]) -> RemoteEdit:
        try:
            return mapping.edit(row)
        except _ODD as error:
            raise malformed(f"A log's entry came without {error}.") from error

    async def _of_campaign(self, campaign: str, query: Mapping[str, str]) -> list[dict[str, Any]] | None:
        """By ad squad; None of a campaign that was deleted, of which the account alone still tells."""
        try:
            return await self._stats(f"campaigns/{campaign}", "adsquad", query)
        except PlatformError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    async def _stats(self, path: str, breakdown: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        asked = {**query, "breakdown": breakdown}
        pages = self._account.pages("fetch_metrics", f"{path}/stats", asked)
        found: list[dict[str, Any]] = []
        async for body in pages:
            for stat in rows(body, "timeseries_stats", "timeseries_stat"):
                found += mapping.broken_down(stat, breakdown)
        return found


def _held(body: Mapping[str, Any], kind: Kind, entity: str) -> Mapping[str, Any]:
    """The entity that a write answered with; empty where it did not."""
    items = body.get(kind.plural)
    for item in items if isinstance(items, list) else ():
        row = item.get(kind.singular) if isinstance(item, dict) else None
        if isinstance(row, dict) and str(row.get("id")) == entity:
            return row
    return {}


def _demand_same_kind(entity_type: str, row: Mapping[str, Any], name: str) -> None:
    """An ad squad has one budget, daily or lifetime: the other kind would be a second one."""
    kinds = {mapping.DAILY["ad_set"], mapping.LIFETIME["ad_set"]}
    if entity_type == "ad_set" and name in kinds and row.get(name) is None:
        raise invalid("snapchat.other_budget", "This ad squad has no budget of its own of this kind.")
