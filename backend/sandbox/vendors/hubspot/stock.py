"""What the shop's people do in the CRM: some are kept there as leads, become customers with an order, bring deals."""

from collections.abc import Iterator

from sandbox.chance import Chance
from sandbox.vendors.hubspot import constants as ids
from sandbox.vendors.hubspot.records import Change
from sandbox.vendors.vendor import Ground
from sandbox.world.people import person
from sandbox.world.seasons import DAY, HOUR
from sandbox.world.shop import ShopWorld

CONTACTS = 300
_STRIDE = 40
"""Every so many of the shop's people are in the CRM: some who buy often, most who do seldom, some never."""
_NEWCOMERS = 0.15
_WITH_DEAL = 0.45
_LOSS = 0.13
_STAGE_DAYS = 3.0
_SEASON_DAYS = 120.0


def index_of(contact: int) -> int:
    """The person behind a contact of the first stock."""
    return (contact - ids.FIRST_CONTACT) * _STRIDE


class Stock:
    """One shop's CRM. Orders are followed as the tape is written."""

    def __init__(self, ground: Ground, shop: ShopWorld) -> None:
        self._ground = ground
        self._house = shop
        self._seen = ground.world.epoch
        self._customers: set[int] = set()
        self._since: dict[int, float] = {}

    def first(self) -> Iterator[Change]:
        """Everything that time will bring but for orders: contacts at their times, and the way of each deal."""
        for number in range(CONTACTS):
            chance = Chance(self._house.seed, "hubspot-contact", self._house.shop.id, number)
            epoch = self._ground.world.epoch
            newcomer = chance.happens(_NEWCOMERS)
            created = epoch + _SEASON_DAYS * DAY * chance.uniform()
            if not newcomer:
                created = epoch - (1 + 300 * chance.uniform()) * DAY
            contact = ids.FIRST_CONTACT + number
            self._since[number] = created
            yield self._contact(contact, index_of(contact), _ms(created), chance)
            if chance.happens(_WITH_DEAL):
                yield from self._deal(number, max(created, epoch), chance)

    def archive(self, first: int, count: int, at: int) -> Iterator[Change]:
        """People of an older list, all written down by one import, in one moment."""
        beyond = self._house.shop.people
        for number in range(count):
            chance = Chance(self._house.seed, "hubspot-archive", self._house.shop.id, first + number)
            yield self._contact(first + number, beyond + first - ids.FIRST_ARCHIVED + number, at, chance)

    def orders(self, now: float) -> Iterator[Change]:
        """Whoever has bought since the last look is a customer from that moment on."""
        placed = self._house.tape.orders_between(self._seen, now)
        self._seen = max(self._seen, now)
        for order in placed:
            number, rest = divmod(order.person, _STRIDE)
            if rest or number in self._customers or order.at < self._since.get(number, float("inf")):
                continue
            self._customers.add(number)
            contact = ids.FIRST_CONTACT + number
            yield Change(_ms(order.at), ids.CONTACTS, contact, {"lifecyclestage": "customer"})

    def _contact(self, contact: int, index: int, at: int, chance: Chance) -> Change:
        who = person(self._house.seed, self._house.shop, index)
        values: dict[str, str | None] = {
            "email": who.email,
            "firstname": who.first_name,
            "lastname": who.last_name,
            "phone": who.phone,
            "city": who.city,
            "state": who.state,
            "zip": who.postal_code,
            "country": who.country,
            "lifecyclestage": "lead",
            "hubspot_owner_id": str(chance.pick(ids.OWNERS)[0]),
        }
        return Change(at, ids.CONTACTS, contact, values)

    def _deal(self, number: int, after: float, chance: Chance) -> Iterator[Change]:
        who = person(self._house.seed, self._house.shop, number * _STRIDE)
        deal, contact = ids.FIRST_DEAL + number, ids.FIRST_CONTACT + number
        at = after + chance.uniform() * _SEASON_DAYS * DAY / 2 + HOUR
        cents = 50_000 + chance.below(900_000)
        values: dict[str, str | None] = {
            "dealname": f"{who.first_name} {who.last_name}: team order",
            "pipeline": ids.PIPELINE,
            "dealstage": ids.STAGES[0],
            "amount": _money(cents),
            "deal_currency_code": self._house.shop.currency,
            "hubspot_owner_id": str(chance.pick(ids.OWNERS)[0]),
        }
        yield Change(_ms(at), ids.DEALS, deal, values, linked=(contact,))
        for stage in (*ids.STAGES[1:], ids.WON):
            at += chance.exponential(_STAGE_DAYS * DAY)
            if chance.happens(_LOSS):
                yield Change(_ms(at), ids.DEALS, deal, {"dealstage": ids.LOST})
                return
            moved: dict[str, str | None] = {"dealstage": stage}
            if stage == ids.STAGES[-1] and chance.happens(0.4):
                moved["amount"] = _money(round(cents * (0.85 + 0.1 * chance.uniform())))
            yield Change(_ms(at), ids.DEALS, deal, moved)


def _ms(at: float) -> int:
    return int(at * 1000)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
