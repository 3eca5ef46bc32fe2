"""What the shop's people do in the CRM: leads become contacts with their first order, contacts bring deals."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.chance import Chance
from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce.ids import make
from sandbox.vendors.salesforce.records import Change
from sandbox.vendors.vendor import Ground
from sandbox.world.people import person
from sandbox.world.seasons import DAY, HOUR
from sandbox.world.shop import ShopWorld

PEOPLE = 300
_STRIDE = 40
"""Every so many of the shop's people are in the CRM: some who buy often, most who do seldom, some never."""
_LEAD_EVERY = 4
_NEWCOMERS = 0.15
_WITH_DEAL = 0.45
_LOSS = 0.13
_STAGE_DAYS = 3.0
_SEASON_DAYS = 120.0
_PLANNED_DAYS = 30
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral")
_OPEN = [each for each in sf.STAGES if each not in {sf.WON, sf.LOST}]


def contact_id(number: int) -> str:
    return make(sf.PREFIXES[sf.CONTACT], sf.FIRST_CONTACT + number)


def account_id(number: int) -> str:
    return make(sf.PREFIXES[sf.ACCOUNT], sf.FIRST_CONTACT + number)


def _is_lead(number: int) -> bool:
    return number % _LEAD_EVERY == _LEAD_EVERY - 1


class Stock:
    """One shop's org. Orders are followed as the tape is written."""

    def __init__(self, ground: Ground, shop: ShopWorld) -> None:
        self._ground = ground
        self._house = shop
        self._zone = ZoneInfo(shop.shop.timezone)
        self._seen = ground.world.epoch
        self._customers: set[int] = set()
        self._since: dict[int, float] = {}

    def first(self) -> Iterator[Change]:
        """Everything that time will bring but for orders: people at their times, and the way of each deal."""
        yield from self._company()
        epoch = self._ground.world.epoch
        for number in range(PEOPLE):
            chance = Chance(self._house.seed, "salesforce-person", self._house.shop.id, number)
            newcomer = chance.happens(_NEWCOMERS)
            created = epoch + _SEASON_DAYS * DAY * chance.uniform()
            if not newcomer:
                created = epoch - (1 + 300 * chance.uniform()) * DAY
            self._since[number] = created
            if _is_lead(number):
                lead = make(sf.PREFIXES[sf.LEAD], sf.FIRST_LEAD + number)
                yield Change(_ms(created), sf.LEAD, lead, self._lead(number, chance))
                continue
            yield from self._person(number, created, chance)
            if chance.happens(_WITH_DEAL):
                yield from self._deal(number, max(created, epoch), chance)

    def archive(self, first: int, count: int, at: int) -> Iterator[Change]:
        """People of an older list, all written down by one import, in one moment."""
        beyond = self._house.shop.people
        for number in range(first, first + count):
            chance = Chance(self._house.seed, "salesforce-archive", self._house.shop.id, number)
            index = beyond + number - sf.FIRST_ARCHIVED
            name = make(sf.PREFIXES[sf.CONTACT], number)
            yield Change(at, sf.CONTACT, name, self._contact(index, None, chance))

    def orders(self, now: float) -> Iterator[Change]:
        """Whoever has bought since the last look is a customer from that moment on; a lead is converted."""
        placed = self._house.tape.orders_between(self._seen, now)
        self._seen = max(self._seen, now)
        for order in placed:
            number, rest = divmod(order.person, _STRIDE)
            if rest or number in self._customers or order.at < self._since.get(number, float("inf")):
                continue
            self._customers.add(number)
            at, day = _ms(order.at), self.day(order.at).isoformat()
            if _is_lead(number):
                chance = Chance(self._house.seed, "salesforce-converted", self._house.shop.id, number)
                yield from self._person(number, order.at, chance)
                lead = make(sf.PREFIXES[sf.LEAD], sf.FIRST_LEAD + number)
                converted = {
                    "Status": "Closed - Converted",
                    "IsConverted": True,
                    "ConvertedDate": day,
                    "ConvertedContactId": contact_id(number),
                    "ConvertedAccountId": account_id(number),
                }
                yield Change(at, sf.LEAD, lead, converted)
            yield Change(at, sf.CONTACT, contact_id(number), {"Customer_Since__c": day})
            yield Change(at, sf.ACCOUNT, account_id(number), {"Type": "Customer - Direct"})

    def day(self, at: float) -> date:
        """The org's."""
        return datetime.fromtimestamp(at, UTC).astimezone(self._zone).date()

    def _company(self) -> Iterator[Change]:
        made = _ms(self._ground.world.epoch - 900 * DAY)
        shop = self._house.shop
        values: dict[str, Any] = {
            "Name": sf.ORG_NAME,
            "TimeZoneSidKey": shop.timezone,
            "DefaultLocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "OrganizationType": "Enterprise Edition",
            "InstanceName": "USA9S",
            "IsSandbox": False,
            "Country": "US",
            "CurrencyIsoCode": shop.currency,
        }
        yield Change(made, sf.ORGANIZATION, sf.ORG_ID, values)
        for number, (code, rate) in enumerate({shop.currency: 1.0, "EUR": 0.9, "GBP": 0.8}.items(), start=1):
            currency = {
                "IsoCode": code,
                "IsCorporate": number == 1,
                "IsActive": True,
                "ConversionRate": rate,
                "DecimalPlaces": 2,
            }
            yield Change(made, sf.CURRENCY, make(sf.PREFIXES[sf.CURRENCY], number), currency)
        for number, first, last, username in sf.PEOPLE:
            user = {
                "Username": username,
                "Name": f"{first} {last}",
                "FirstName": first,
                "LastName": last,
                "Email": username,
                "IsActive": True,
                "TimeZoneSidKey": shop.timezone,
            }
            yield Change(made, sf.USER, make(sf.PREFIXES[sf.USER], number), user)

    def _person(self, number: int, created: float, chance: Chance) -> Iterator[Change]:
        """A contact, and the account that stands for its household."""
        who = person(self._house.seed, self._house.shop, number * _STRIDE)
        household = {
            "Name": f"{who.last_name} household",
            "Type": "Prospect",
            "BillingCity": who.city,
            "BillingState": who.state,
            "BillingCountry": who.country,
            **self._owned(chance),
        }
        yield Change(_ms(created), sf.ACCOUNT, account_id(number), household)
        contact = self._contact(number * _STRIDE, account_id(number), chance)
        yield Change(_ms(created), sf.CONTACT, contact_id(number), contact)

    def _contact(self, index: int, account: str | None, chance: Chance) -> dict[str, Any]:
        who = person(self._house.seed, self._house.shop, index)
        return {
            "FirstName": who.first_name,
            "LastName": who.last_name,
            "Email": who.email,
            "Phone": who.phone,
            "MailingCity": who.city,
            "MailingState": who.state,
            "MailingPostalCode": who.postal_code,
            "MailingCountry": who.country,
            "LeadSource": chance.pick(_SOURCES),
            "AccountId": account,
            **self._owned(chance),
        }

    def _lead(self, number: int, chance: Chance) -> dict[str, Any]:
        who = person(self._house.seed, self._house.shop, number * _STRIDE)
        return {
            "FirstName": who.first_name,
            "LastName": who.last_name,
            "Company": f"{who.last_name} household",
            "Email": who.email,
            "Phone": who.phone,
            "City": who.city,
            "State": who.state,
            "PostalCode": who.postal_code,
            "Country": who.country,
            "LeadSource": chance.pick(_SOURCES),
            "Status": "Open - Not Contacted",
            **self._owned(chance),
        }

    def _deal(self, number: int, after: float, chance: Chance) -> Iterator[Change]:
        who = person(self._house.seed, self._house.shop, number * _STRIDE)
        deal = make(sf.PREFIXES[sf.OPPORTUNITY], sf.FIRST_DEAL + number)
        at = after + chance.uniform() * _SEASON_DAYS * DAY / 2 + HOUR
        cents = 50_000 + chance.below(900_000)
        values = {
            "Name": f"{who.first_name} {who.last_name}: team order",
            "AccountId": account_id(number),
            "StageName": _OPEN[0],
            "Amount": cents / 100,
            "CloseDate": self.day(at + _PLANNED_DAYS * DAY).isoformat(),
            **self._owned(chance),
        }
        yield Change(_ms(at), sf.OPPORTUNITY, deal, values)
        role = {
            "OpportunityId": deal,
            "ContactId": contact_id(number),
            "Role": "Decision Maker",
            "IsPrimary": True,
        }
        yield Change(_ms(at), sf.ROLE, make(sf.PREFIXES[sf.ROLE], sf.FIRST_DEAL + number), role)
        for stage in (*_OPEN[1:], sf.WON):
            at += chance.exponential(_STAGE_DAYS * DAY)
            lost = chance.happens(_LOSS)
            moved: dict[str, Any] = {"StageName": sf.LOST if lost else stage}
            if lost or stage == sf.WON:
                moved["CloseDate"] = self.day(at).isoformat()
            if stage == _OPEN[-1] and chance.happens(0.4):
                moved["Amount"] = round(cents * (0.85 + 0.1 * chance.uniform())) / 100
            yield Change(_ms(at), sf.OPPORTUNITY, deal, moved)
            if lost:
                return

    def _owned(self, chance: Chance) -> dict[str, Any]:
        owner = make(sf.PREFIXES[sf.USER], chance.pick(sf.PEOPLE[1:])[0])
        return {"OwnerId": owner, "CurrencyIsoCode": self._house.shop.currency}


def _ms(at: float) -> int:
    return int(at * 1000)
