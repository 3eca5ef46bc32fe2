"""Whatever a public write key lets in stops nothing behind it: people, consents, segments, conversions, exports."""

import json
import random
from typing import Any

import pytest
from sqlalchemy import text

from app.core.ids import uuid7
from app.services.cdp.arrivals.service import Arrivals
from app.services.cdp.events.service import Envelope, Ingestion
from app.services.cdp.identity.service import Resolver
from app.services.cdp.segments.service import Following
from app.services.cdp.sources.service import Sender
from tests.factories.access import Company

_KINDS = ("track", "identify", "page", "screen", "group", "alias")
_NAMES = (
    *(
        "email",
        "phone",
        "name",
        "address",
        "plan",
        "order_id",
        "revenue",
        "total",
        "currency",
        "products",
        "event_id",
    ),
    *(
        "consent",
        "categoryPreferences",
        "gpc",
        "tcf",
        "gpp",
        "device",
        "id",
        "traits",
        "page",
        "url",
        "campaign",
    ),
    *(
        "$sealed",
        "$hash",
        "fbclid",
        "gclid",
        "",
        "a.b",
        "a@b.example",
        "country",
        "version",
        "0",
        "\u2028",
        "\U0001d54f",
    ),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, -(2**64), 10**300, 1e-7, 1.5e300, -0.0, "", " ", "x", "null"),
    *(
        "a@b.example",
        "A@B.EXAMPLE",
        "+49 171 1234567",
        "00491711234567",
        "12",
        "1e5",
        "NaN",
        "2020-01-01",
        "x" * 600,
    ),
    *(
        "https://x.example/?fbclid=1&gclid=%00",
        "[sealed]",
        "USD",
        "usd",
        "EURO",
        "é\u0301",
        "\ud7ff",
        "{}",
        "$1",
    ),
)


def anything(dice: random.Random, depth: int = 0) -> Any:
    chance = dice.random()
    if depth > 3 or chance < 0.6:
        return dice.choice(_VALUES)
    if chance < 0.85:
        return {dice.choice(_NAMES): anything(dice, depth + 1) for _ in range(dice.randrange(4))}
    return [anything(dice, depth + 1) for _ in range(dice.randrange(3))]


def an_object(dice: random.Random) -> Any:
    if dice.random() < 0.05:
        return anything(dice)
    return {dice.choice(_NAMES): anything(dice) for _ in range(dice.randrange(7))}


def odd_event(dice: random.Random) -> bytes:
    event = {
        "type": dice.choice(_KINDS),
        "event": dice.choice(
            ("Order Completed", "Order Refunded", "Lead", "Seen", "\uff4f\uff52", "a@b.example")
        ),
        "messageId": f"m-{uuid7()}",
        "userId": dice.choice((None, "u-1", "u-2", 7, "guest", "a@b.example", "u" * 400)),
        "anonymousId": dice.choice(("a-1", "a-2", 3.5, "undefined", "\u202e")),
        "previousId": dice.choice((None, "a-1", "u-1", 0)),
        "properties": an_object(dice),
        "traits": an_object(dice),
        "context": an_object(dice),
        "integrations": dice.choice(({}, {"All": True}, {"Meta": {"x": anything(dice)}})),
    }
    return json.dumps(event).encode()


@pytest.mark.parametrize("seed", range(3))
async def test_no_odd_event_stops_what_follows(acme: Company, ingestion: Ingestion, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  (the same events each time)
    accepted = 0
    for _ in range(10):
        items = [odd_event(dice) for _ in range(60)]
        accepted += (
            await ingestion.receive(Sender(acme.id, None), Envelope(items), dialect="segment")
        ).accepted
    assert accepted > 300, "most of them are let in"
    assert await Resolver(acme.scopes).drain() == accepted
    assert await Arrivals(acme.scopes).drain() == 10
    async with acme.scopes() as scope:
        aside = text("select count(*) from outbox where name = 'cdp.events.accepted_alone'")
        assert await scope.session.scalar(aside) == 0
    await Following(acme.scopes).drain()
    client, found = acme.client(), set()
    for path in (
        "/api/v1/cdp/events?limit=200",
        "/api/v1/cdp/events/verdicts?limit=200",
        "/api/v1/cdp/profiles",
    ):
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text[:500])
        found |= {each["id"] for each in answer.json()["items"] if "profiles" in path}
    assert found
    for profile in found:
        for path in ("", "/personal", "/timeline", "/identity-graph"):
            answer = await client.get(f"/api/v1/cdp/profiles/{profile}{path}")
            assert answer.status_code == 200, (path, answer.text[:500])
        answer = await client.get(f"/api/v1/cdp/consents/{profile}")
        assert answer.status_code == 200, answer.text[:500]
