"""One ad account at Snapchat. A write replaces a whole entity: it is read, and sent again with one field changed."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from app.services.integrations.ports import (
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
from app.services.integrations.snapchat import conversions, mapping
from app.services.integrations.snapchat.money import NotMoney, to_micro
from app.services.integrations.snapchat.transport import PLATFORM, SnapchatTransport, rows
from app.services.integrations.vendor import Speaker
from app.services.trust_engine.gate.permits import Change, Permit

_PAGE = "1000"
_STOP_TRIES = 3
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_PASSING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class _Kind:
    plural: str
    singular: str


_KINDS: Mapping[str, _Kind] = {
    "campaign": _Kind("campaigns", "campaign"),
    "ad_set": _Kind("adsquads", "adsquad"),
}


class SnapchatClient:
    platform = PLATFORM

    def __init__(self, transport: SnapchatTransport, permits: Permits, speaker: Speaker) -> None:
        self._transport = transport
        self._permits = permits
        self._token = speaker.token
        self._account = speaker.account
        self._currency = speaker.currency
        self._timezone = speaker.timezone
        self.read_only = speaker.read_only

    async def list_campaigns(self) -> list[EntityState]:
        return [self._state("campaign", row) async for row in self._list("list_campaigns", "campaign")]

    async def list_ad_sets(self) -> list[EntityState]:
        return [self._state("ad_set", row) async for row in self._list("list_ad_sets", "ad_set")]

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState:
        kind = _KINDS[entity_type]
        body = await self._transport.read("read_entity", f"{kind.plural}/{external_id}", token=self._token)
        row = _only(body, kind)
        if entity_type == "ad_set":
            campaign = f"campaigns/{_campaign_of(row)}"
            body = await self._transport.read("read_owner", campaign, token=self._token)
            self._demand_this_account(_only(body, _KINDS["campaign"]))
        else:
            self._demand_this_account(row)
        return self._state(entity_type, row)

    async def fetch_metrics(self, since: date, until: date, conversion: ConversionSettings) -> MetricsReading:
        """By ad squad, campaign by campaign: an account can be asked by campaign alone."""
        squads: list[tuple[str, Mapping[str, Any]]] = []
        try:
            for first, last in mapping.spans(since, until):
                query = mapping.stats_query(first, last, conversion, timezone=self._timezone)
                brief = query | {"fields": "impressions,spend"}
                delivered = await self._stats(f"adaccounts/{self._account}", "campaign", brief)
                for campaign in (str(row["id"]) for row in delivered):
                    found = await self._stats(f"campaigns/{campaign}", "adsquad", query)
                    squads += [(campaign, row) for row in found]
            return mapping.metrics(
                squads, currency=self._currency, timezone=self._timezone, conversion=conversion
            )
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise _malformed(f"A report came without {error}.") from error

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]:
        """There is a log for each entity and none for all: those are asked that were changed since."""
        found: list[RemoteEdit] = []
        for name, kind in _KINDS.items():
            touched = self._list("recent_edits", name, read_deleted_entities="true")
            changed = [str(row["id"]) async for row in touched if mapping.touched_since(row, since)]
            for entity in changed:
                found += await self._log(kind, entity)
        return [one for one in found if since <= one.at <= until]

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        """Snapchat scores signals for approved partners alone: unknown, and shown as that."""
        del pixel_id
        return {}

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
        return conversions.prepare(event, now)

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        if self.read_only:
            raise _read_only()
        body = await self._transport.post(pixel_id, [one.body for one in events], token=self._token)
        if str(body.get("status", "")).upper() != "VALID":
            raise _malformed("No verdict on the events came back.")
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

    async def _set_budget(self, operation: str, fact: str, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, operation, {fact})
        wanted = change.after[fact]
        try:
            micros = to_micro(wanted if isinstance(wanted, int) else -1)
        except NotMoney as error:
            raise _invalid(
                "snapchat.not_a_budget", "A budget is a positive whole number of micros."
            ) from error
        names = mapping.DAILY if operation == SET_DAILY_BUDGET else mapping.LIFETIME
        entity_type: BudgetedType = "campaign" if change.entity_type == "campaign" else "ad_set"
        return await self._write(change, permit, (names[entity_type], micros))

    async def _write(
        self, change: Change, permit: Permit, field: tuple[str, Any], *, is_stop: bool = False
    ) -> Applied:
        kind, (name, value) = _KINDS[change.entity_type], field
        if not is_stop:
            await self._transport.may_leave()
        row, parent = await self._own(change, is_stop=is_stop)
        _demand_same_kind(change.entity_type, row, name)
        await self._permits.use(permit, change)
        body = await self._transport.write(
            change.operation,
            f"{parent}/{kind.plural}",
            {kind.plural: [mapping.whole(row) | {name: value}]},
            token=self._token,
            permit_id=permit.id,
            patient=is_stop,
        )
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
        kind = _KINDS[change.entity_type]
        row = await self._ask(f"{kind.plural}/{change.entity}", kind, is_stop=is_stop)
        if change.entity_type == "campaign":
            self._demand_this_account(row)
            return row, f"adaccounts/{self._account}"
        path = f"campaigns/{_campaign_of(row)}"
        self._demand_this_account(await self._ask(path, _KINDS["campaign"], is_stop=is_stop))
        return row, path

    async def _ask(self, path: str, kind: _Kind, *, is_stop: bool) -> dict[str, Any]:
        tries = _STOP_TRIES if is_stop else 1
        while True:
            tries -= 1
            try:
                body = await self._transport.ask("read_owner", path, token=self._token, for_stop=is_stop)
            except PlatformError as error:
                if not tries or error.kind not in _PASSING:
                    raise
            else:
                return _only(body, kind)

    def _demand_this_account(self, campaign: Mapping[str, Any]) -> None:
        if str(campaign.get("ad_account_id")) != self._account:
            raise PlatformError(
                PlatformErrorKind.PERMISSION, "snapchat.other_account", "This belongs to another ad account."
            )

    def _is_ours(self, change: Change, operation: str, facts: set[str]) -> None:
        """Refuse, before a permit is spent, what could never be meant for this method of this account."""
        if self.read_only:
            raise _read_only()
        if (change.platform, change.account, change.operation) != (PLATFORM, self._account, operation):
            raise _invalid("snapchat.other_change", "This change is for another account or operation.")
        if change.entity_type not in _KINDS or not _ID.fullmatch(change.entity):
            raise _invalid("snapchat.not_an_entity", "Only campaigns and ad squads are changed here.")
        if set(change.after) != facts:
            raise _invalid(
                "snapchat.other_facts", f"{operation} sets {', '.join(sorted(facts))} and nothing else."
            )

    def _state(self, entity_type: BudgetedType, row: Mapping[str, Any]) -> EntityState:
        try:
            return mapping.entity(entity_type, row, account_id=self._account, currency=self._currency)
        except NotMoney as error:
            raise PlatformError(PlatformErrorKind.UNSUPPORTED, "snapchat.not_money", str(error)) from error
        except (KeyError, ValueError) as error:
            raise _malformed(f"An object came without {error}.") from error

    async def _log(self, kind: _Kind, entity: str) -> list[RemoteEdit]:
        """What was deleted may have no log any more: that it is gone is what the list itself says."""
        path = f"{kind.plural}/{entity}/external_changelogs"
        found: list[RemoteEdit] = []
        try:
            async for body in self._transport.pages(
                "recent_edits", path, {"limit": _PAGE}, token=self._token
            ):
                found += [self._edit(row) for row in rows(body, "changelogs", "changelog")]
        except PlatformError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        return found

    @staticmethod
    def _edit(row: Mapping[str, Any]) -> RemoteEdit:
        try:
            return mapping.edit(row)
        except (KeyError, ValueError) as error:
            raise _malformed(f"A log's entry came without {error}.") from error

    async def _list(self, operation: str, entity_type: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        kind = _KINDS[entity_type]
        path = f"adaccounts/{self._account}/{kind.plural}"
        pages = self._transport.pages(operation, path, {"limit": _PAGE, **query}, token=self._token)
        async for body in pages:
            for row in rows(body, kind.plural, kind.singular):
                yield row

    async def _stats(self, path: str, breakdown: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        asked = {**query, "breakdown": breakdown}
        pages = self._transport.pages("fetch_metrics", f"{path}/stats", asked, token=self._token)
        found: list[dict[str, Any]] = []
        async for body in pages:
            for stat in rows(body, "timeseries_stats", "timeseries_stat"):
                found += mapping.broken_down(stat, breakdown)
        return found


def _only(body: Mapping[str, Any], kind: _Kind) -> dict[str, Any]:
    found = rows(body, kind.plural, kind.singular)
    if len(found) != 1 or "id" not in found[0]:
        raise _malformed("One object was asked for, and another number of them came.")
    return found[0]


def _held(body: Mapping[str, Any], kind: _Kind, entity: str) -> Mapping[str, Any]:
    """The entity that a write answered with; empty where it did not."""
    items = body.get(kind.plural)
    for item in items if isinstance(items, list) else ():
        row = item.get(kind.singular) if isinstance(item, dict) else None
        if isinstance(row, dict) and str(row.get("id")) == entity:
            return row
    return {}


def _campaign_of(squad: Mapping[str, Any]) -> str:
    campaign = squad.get("campaign_id")
    if not campaign:
        raise _malformed("An ad squad came without its campaign.")
    return str(campaign)


def _demand_same_kind(entity_type: str, row: Mapping[str, Any], name: str) -> None:
    """An ad squad has one budget, daily or lifetime: the other kind would be a second one."""
    kinds = {mapping.DAILY["ad_set"], mapping.LIFETIME["ad_set"]}
    if entity_type == "ad_set" and name in kinds and row.get(name) is None:
        raise _invalid("snapchat.other_budget", "This ad squad has no budget of its own of this kind.")


def _read_only() -> PlatformError:
    return PlatformError(PlatformErrorKind.PERMISSION, "snapchat.read_only", "This connection may only read.")


def _invalid(code: str, message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.INVALID, code, message)


def _malformed(message: str) -> PlatformError:
    return PlatformError(PlatformErrorKind.TRANSIENT, "snapchat.malformed", message)
