"""One ad account at Google."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.core.logging import get_logger
from app.services.integrations.ads.ports import AdState
from app.services.integrations.campaigns.ports import Created, Made, MadeType
from app.services.integrations.google import ads, conversions, creation, mapping, queries
from app.services.integrations.google.account import (
    GoogleAccount,
    malformed,
    may_only_read,
    number_of,
    the_one,
)
from app.services.integrations.google.ad_making import GoogleAdMaking
from app.services.integrations.google.errors import PLATFORM, invalid
from app.services.integrations.google.money import NotMoney, amount, micros_of
from app.services.integrations.google.rationing import Use
from app.services.integrations.google.transport import GoogleTransport
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
    Verdict,
    mutates,
)
from app.services.integrations.vendor import Speaker
from app.services.trust_engine.gate.permits import Change, Permit

log = get_logger(__name__)

_PASSING = frozenset({PlatformErrorKind.TRANSIENT, PlatformErrorKind.RATE_LIMITED})
_ODD = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What reading a row of another shape raises."""
_STANDS = frozenset({f"{PLATFORM}.duplicate_{name}" for name in ("campaign_name", "adgroup_name", "name")})
"""The names that we create by are nobody else's: who has one already is what we asked for."""
_COLLECTIONS: dict[str, str] = {"campaign": "campaigns", "ad_set": "adGroups"}
_CHANGES_KEPT = timedelta(days=29)
"""Google keeps 30 days of them, counted by the account's days."""
_UNITS: dict[str, int] = {}
"""The currencies' billable units, as Google told them: they do not change."""


class GoogleClient:
    platform = PLATFORM

    def __init__(self, transport: GoogleTransport, permits: Permits, speaker: Speaker) -> None:
        self._transport = transport
        self._token = speaker.token
        self._currency = speaker.currency
        self._timezone = speaker.timezone
        self._app_id = speaker.app_id
        self.read_only = speaker.read_only
        self._account = GoogleAccount(transport, permits, speaker)
        self._making = GoogleAdMaking(self._account)

    async def list_campaigns(self) -> list[EntityState]:
        rows = await self._account.rows("list_campaigns", queries.CAMPAIGNS)
        return [self._state("campaign", row) for row in rows]

    async def list_ad_sets(self) -> list[EntityState]:
        rows = await self._account.rows("list_ad_sets", queries.AD_GROUPS)
        return [self._state("ad_set", row) for row in rows]

    async def list_ads(self) -> list[AdState]:
        """Those of ad groups: Performance Max shows groups of assets, which are no ads."""
        rows = await self._account.rows("list_ads", queries.ADS)
        try:
            return [ads.ad(row) for row in rows]
        except _ODD as error:
            raise malformed(error) from error

    async def account_status(self) -> str:
        rows = await self._account.rows("account_status", queries.STATUS)
        try:
            return mapping.account_status(rows[0]["customer"])
        except (*_ODD, IndexError) as error:
            raise malformed(error) from error

    async def read_entity(self, entity_type: BudgetedType, external_id: str) -> EntityState:
        rows = await self._account.rows("read_entity", queries.entity(entity_type, number_of(external_id)))
        return self._state(entity_type, the_one(rows))

    async def fetch_metrics(self, since: date, until: date, conversion: ConversionSettings) -> MetricsReading:
        category = mapping.category(conversion)
        delivered = await self._account.rows("fetch_metrics", queries.delivery(since, until))
        claimed = await self._account.rows("fetch_conversions", queries.conversions(since, until, category))
        reported = await self._account.rows("fetch_ad_set_days", queries.ad_group_days(since, until))
        try:
            return mapping.metrics(delivered, claimed, reported, currency=self._currency)
        except _ODD as error:
            raise malformed(error) from error

    async def recent_edits(self, since: datetime, until: datetime) -> list[RemoteEdit]:
        rows = await self._changes(max(since, until - _CHANGES_KEPT), until)
        campaigns_on: dict[str, list[str]] = {}
        if mapping.budgets_edited(rows):
            campaigns_on = mapping.campaigns_by_budget(
                await self._account.rows("list_budgets", queries.CAMPAIGNS)
            )
        me = (
            str((await self._transport.token_info(self._token)).get("email"))
            if mapping.by_a_program(rows)
            else ""
        )
        try:
            return mapping.edits(rows, campaigns_on, (me, self._app_id), self._timezone)
        except _ODD as error:
            raise malformed(error) from error

    async def event_match_quality(self, pixel_id: str) -> Mapping[str, float]:
        """Google reports no such figure."""
        del pixel_id
        return {}

    def prepare_event(self, event: ConversionEvent, now: datetime) -> PreparedEvent | EventRefused:
        return conversions.prepare(event, now)

    async def send_events(self, pixel_id: str, events: Sequence[PreparedEvent]) -> Acknowledgement:
        """`pixel_id` is the conversion action that the account chose; other events go to their own category's."""
        if self.read_only:
            raise may_only_read()
        actions = await self._actions_for(number_of(pixel_id), {str(one.body["category"]) for one in events})
        requests = []
        for start in range(0, len(events), conversions.MOST_EVENTS):
            body = conversions.request(
                events[start : start + conversions.MOST_EVENTS],
                actions,
                account=self._account.number,
                manager=self._transport.manager(),
            )
            answer = await self._transport.ingest(body, token=self._token)
            if not isinstance(answer.get("requestId"), str):
                raise PlatformError(
                    PlatformErrorKind.TRANSIENT, f"{PLATFORM}.malformed", "No id of a request came back."
                )
            requests.append(answer["requestId"])
        return Acknowledgement(len(events), {"request_ids": requests}, tuple(requests))

    async def read_verdicts(self, receipts: Sequence[str]) -> list[Verdict]:
        answers = [(each, await self._transport.request_status(each, token=self._token)) for each in receipts]
        try:
            found = [conversions.verdict(each, answer) for each, answer in answers]
        except _ODD as error:
            raise malformed(error) from error
        return [one for one in found if one is not None]

    @mutates
    async def set_daily_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(SET_DAILY_BUDGET, "daily_budget_micros", "amountMicros", change, permit)

    @mutates
    async def set_lifetime_budget(self, change: Change, permit: Permit) -> Applied:
        return await self._set_budget(
            SET_LIFETIME_BUDGET, "lifetime_budget_micros", "totalAmountMicros", change, permit
        )

    @mutates
    async def set_status(self, change: Change, permit: Permit) -> Applied:
        self._is_ours(change, SET_STATUS, "status")
        status = mapping.status_to_google(str(change.after["status"]))
        # A stop is never held back by a breaker or a limit of our own.
        is_stop = status == "PAUSED"
        if not is_stop:
            await self._account.may_leave()
            await self._account.reserve()
        await self._demand_own(change, is_stop=is_stop)
        collection = _COLLECTIONS[change.entity_type]
        name = self._account.name(collection, change.entity)
        return await self._write(change, permit, collection, {"resourceName": name, "status": status})

    @mutates
    async def create_campaign(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_CAMPAIGN, change, permit)

    @mutates
    async def create_ad_set(self, change: Change, permit: Permit) -> Created:
        return await self._create(CREATE_AD_SET, change, permit)

    @mutates
    async def upload_image(self, change: Change, permit: Permit, content: bytes) -> Created:
        return await self._making.upload_image(change, permit, content)

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
        """Google's own word for the account's currency; an ad group has no budget."""
        if entity_type != "campaign":
            return None
        rows = await self._account.rows("least_daily_budget", queries.least_daily(_currency(self._currency)))
        told = (rows[0].get("currencyConstant") or {}).get("demandGenInfo") if rows else None
        return micros_of(told["minimumBudgetPerDayMicros"]) if told else None

    async def _create(self, operation: str, change: Change, permit: Permit) -> Created:
        self._account.demand_new(change, operation, "campaign" if operation == CREATE_CAMPAIGN else "ad_set")
        if operation == CREATE_AD_SET:
            number_of(str(change.after.get("campaign")))
        await self._account.may_leave()
        told = creation.campaign if operation == CREATE_CAMPAIGN else creation.ad_group
        try:
            operations = told(change.after, await self._place(change))
        except (KeyError, ValueError) as error:
            raise invalid("not_creatable", f"Google has no word for this: {error}.") from error
        await self._account.reserve(len(operations))
        try:
            body = await self._account.send(change, permit, "googleAds", operations)
        except PlatformError as error:
            if error.code not in _STANDS:
                raise
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS, error.code, error.message, status=error.status, trace=error.trace
            ) from error
        return Created(creation.made(body, self._account.name(_COLLECTIONS[change.entity_type], "")))

    async def _place(self, change: Change) -> creation.Place:
        goals: list[creation.Goal] = []
        if change.entity_type == "campaign" and creation.counts_conversions(change.after):
            rows = await self._account.ask("list_goals", queries.GOALS, Use.CHANGE)
            found = [row["customerConversionGoal"] for row in rows]
            goals = [creation.Goal(str(one["category"]), str(one["origin"])) for one in found]
        return creation.Place(self._account.number, self._timezone, await self._unit(), goals)

    async def _set_budget(
        self, operation: str, fact: str, field: str, change: Change, permit: Permit
    ) -> Applied:
        self._is_ours(change, operation, fact)
        if change.entity_type != "campaign":
            raise invalid("no_budget_of_its_own", "At Google an ad group has no budget of its own.")
        await self._account.may_leave()
        await self._account.reserve()
        budget = (await self._own(change, Use.CHANGE)).get("campaignBudget") or {}
        if mapping.is_shared(budget):
            raise PlatformError(
                PlatformErrorKind.UNSUPPORTED,
                f"{PLATFORM}.shared_budget",
                "Other campaigns spend this budget too: it is not changed as if it were this one's.",
            )
        try:
            micros = amount(change.after[fact], await self._unit())
        except NotMoney as error:
            raise invalid("not_money", str(error)) from error
        update = {"resourceName": str(budget["resourceName"]), field: micros}
        return await self._write(change, permit, "campaignBudgets", update)

    async def _write(
        self, change: Change, permit: Permit, collection: str, update: Mapping[str, str]
    ) -> Applied:
        """One resource, one field."""
        (field,) = set(update) - {"resourceName"}
        operation = {"update": dict(update), "updateMask": field}
        patient = update.get("status") == "PAUSED"
        body = await self._account.send(change, permit, collection, [operation], patient=patient)
        if not _names_alone(body.get("results"), update["resourceName"]):
            raise PlatformError(
                PlatformErrorKind.AMBIGUOUS,
                f"{PLATFORM}.no_result",
                "Google did not say whether it was applied.",
            )
        return Applied()

    async def _demand_own(self, change: Change, *, is_stop: bool) -> None:
        """Whether the account has such an entity. A stop that cannot learn it goes on: nothing may hold a stop back."""
        try:
            await self._own(change, Use.STOP if is_stop else Use.CHANGE)
        except PlatformError as error:
            if not is_stop or error.kind not in _PASSING:
                raise
            log.warning("integrations.owner_not_asked", entity=change.entity, code=error.code)

    async def _own(self, change: Change, use: Use) -> dict[str, Any]:
        """The entity as this account holds it: one token reaches many accounts, and an id says nothing of its own."""
        entity_type: BudgetedType = "campaign" if change.entity_type == "campaign" else "ad_set"
        query = queries.entity(entity_type, change.entity)
        rows = await self._account.ask("read_owner", query, use)
        return the_one(rows)

    async def _unit(self) -> int:
        """What the account's currency is billed in; asked once."""
        if self._currency not in _UNITS:
            query = queries.unit(_currency(self._currency))
            rows = await self._account.ask("read_currency", query, Use.CHANGE)
            if not rows:
                raise NotMoney(f"Google has no currency {self._currency}.")
            _UNITS[self._currency] = micros_of(rows[0]["currencyConstant"]["billableUnitMicros"])
        return _UNITS[self._currency]

    async def _changes(self, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Google gives 10,000 at most: what is left follows from the time of the last one."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = await self._account.rows("recent_edits", queries.changes(since, until, self._timezone))
            new = {str(row["changeEvent"]["resourceName"]): row for row in page} if page else {}
            more = set(new) - set(found)
            found |= new
            if len(page) < queries.MOST_CHANGES or not more:
                return list(found.values())
            since = mapping.changed_at(page[-1], self._timezone)

    async def _actions_for(self, chosen: str, categories: set[str]) -> dict[str, str]:
        """Which conversion action each category goes to: the chosen one for its own."""
        rows = await self._account.rows("list_conversion_actions", queries.ACTIONS)
        return conversions.chosen_actions(mapping.actions_by_category(rows), chosen, categories)

    def _is_ours(self, change: Change, operation: str, fact: str) -> None:
        """Refuse, before a permit is spent, what could never be meant for this method of this account."""
        self._account.demand_for_here(change, operation)
        if change.entity_type not in _COLLECTIONS:
            raise invalid("not_an_entity", "Only campaigns and ad groups are changed here.")
        number_of(change.entity)
        if set(change.after) != {fact}:
            raise invalid("other_facts", f"{operation} sets {fact} and nothing else.")

    def _state(self, entity_type: BudgetedType, row: Mapping[str, Any]) -> EntityState:
        try:
            return mapping.entity(entity_type, row, self._account.number, self._currency, self._timezone)
        except _ODD as error:
            raise malformed(error) from error


def _names_alone(results: Any, name: str) -> bool:
    """Whether a write's answer tells of this resource, and of it alone."""
    found = results if isinstance(results, list) else []
    return [one.get("resourceName") if isinstance(one, dict) else None for one in found] == [name]


def _currency(text: str) -> str:
    if len(text) != 3 or not (text.isascii() and text.isalpha() and text.isupper()):  # noqa: PLR2004  (ISO 4217's letters)
        raise NotMoney(f"{text!r} is no currency.")
    return text
