"""A seeded stream of events whose truth is known: who each identifier belongs to.

People have accounts, e-mail addresses, phones, devices and browsers that come and go. Some share a family's device
or a shop's till, where they sign in; programs send garbage for ids; e-mail addresses come in any case, phone numbers
in any notation; visitors sign in late; aliases and offline events arrive out of order.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_START = datetime(2026, 10, 1, tzinfo=UTC)
_GARBAGE = ("null", "undefined", "0", "None", "'guest'", "[object Object]", "000-000", "TRUE", "test")


@dataclass
class Person:
    number: int
    user_id: str | None
    emails: list[str]
    phones: list[str]
    browsers: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


@dataclass
class Stream:
    """Events in the order of their arrival, and each exclusive identifier's person."""

    events: list[dict[str, Any]]
    owner: dict[tuple[str, str], int]


class Town:
    def __init__(self, seed: int, size: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (a stream, not a secret)
        self._seed = seed
        self._events: list[tuple[datetime, dict[str, Any]]] = []
        self._owner: dict[tuple[str, str], int] = {}
        self._people = [self._person(number) for number in range(size)]
        self._share_devices()

    def stream(self) -> Stream:
        for person in self._people:
            self._live(person)
        # Most arrive as they happen; some devices were offline for hours or days.
        arrivals = [
            (at + timedelta(hours=self._random.expovariate(1 / 12)) * (self._random.random() < 0.2), event)
            for at, event in self._events
        ]
        arrivals.sort(key=lambda each: (each[0], each[1]["messageId"]))
        return Stream([event for _, event in arrivals], self._owner)

    def _name(self, what: str, number: object) -> str:
        return f"{what}-{self._seed}-{number}"

    def _own(self, kind: str, value: str, person: Person) -> str:
        self._owner[kind, value] = person.number
        return value

    def _person(self, number: int) -> Person:
        draw = self._random
        has_account = draw.random() < 0.7
        person = Person(number, None, [], [])
        if has_account:
            person.user_id = self._own("user_id", self._name("u", number), person)
        for place in range(draw.choice([1, 1, 1, 2])):
            person.emails.append(self._own("email", f"p{number}.{place}@t{self._seed}.example", person))
        if draw.random() < 0.5:
            person.phones.append(self._own("phone", f"+4917{self._seed % 10}{number:07}", person))
        for place in range(draw.choice([1, 1, 2])):
            person.devices.append(self._own("device_id", self._name("d", f"{number}.{place}"), person))
        # A few empty their cookies so often that they pass the limit of five.
        for place in range(draw.choice([7, 8]) if draw.random() < 0.02 else draw.choice([1, 1, 2, 3])):
            person.browsers.append(self._own("anonymous_id", self._name("a", f"{number}.{place}"), person))
        return person

    def _share_devices(self) -> None:
        """A family's tablet, and a till that dozens sign in at."""
        with_account = [person for person in self._people if person.user_id]
        for number in range(len(self._people) // 20):
            for person in self._random.sample(with_account, self._random.choice([2, 2, 3, 4])):
                person.shared.append(self._name("tablet", number))
        for person in self._random.sample(with_account, min(50, len(with_account))):
            person.shared.append(self._name("till", 0))

    def _live(self, person: Person) -> None:
        draw, at = self._random, _START + timedelta(minutes=self._random.randrange(40_000))
        signed_up = False
        for browser in person.browsers:
            # Browsed for a while, and only then said who they are.
            for _ in range(draw.randrange(1, 4)):
                at += timedelta(minutes=draw.randrange(1, 500))
                self._say(at, anonymousId=browser)
            at += timedelta(minutes=draw.randrange(1, 500))
            self._identify(at, person, browser, first=not signed_up)
            signed_up = True
        for email in person.emails[1:]:
            at += timedelta(hours=draw.randrange(1, 90))
            self._identify(at, person, person.browsers[0], email=email)
        for device in person.devices:
            at += timedelta(hours=draw.randrange(1, 90))
            own = (
                {"userId": person.user_id}
                if person.user_id
                else {"traits": {"email": self._written(person.emails[0])}}
            )
            self._say(at, device=device, anonymousId=draw.choice(_GARBAGE), **own)
            self._say(at + timedelta(minutes=5), device=device, anonymousId=draw.choice(_GARBAGE))
        for device in person.shared:
            at += timedelta(hours=draw.randrange(1, 90))
            if draw.random() < 0.2:
                # Looked around before signing in, on a device that is others' too.
                visitor = self._own("anonymous_id", self._name("s", f"{person.number}.{device}"), person)
                self._say(at - timedelta(minutes=9), device=device, anonymousId=visitor)
                self._say(at, device=device, userId=person.user_id, anonymousId=visitor)
            self._say(at, device=device, userId=person.user_id, anonymousId=draw.choice(_GARBAGE))
        if person.user_id is None:
            # Programs that send something for a user who is not there.
            self._say(at, userId=draw.choice(_GARBAGE), anonymousId=draw.choice(person.browsers))
        elif draw.random() < 0.3:
            visitor = self._own("anonymous_id", self._name("x", person.number), person)
            self._say(at + timedelta(minutes=2), anonymousId=visitor)
            alias = {"type": "alias", "userId": person.user_id, "previousId": visitor}
            self._events.append((at - timedelta(hours=3), self._stamped(at - timedelta(hours=3), alias)))

    def _identify(
        self, at: datetime, person: Person, browser: str, *, first: bool = False, email: str | None = None
    ) -> None:
        traits: dict[str, Any] = {"email": self._written(email or person.emails[0])}
        if first and person.phones:
            traits["phone"] = self._dialled(person.phones[0])
        event = {"type": "identify", "anonymousId": browser, "traits": traits}
        if person.user_id:
            event["userId"] = person.user_id
        self._events.append((at, self._stamped(at, event)))

    def _say(self, at: datetime, *, device: str | None = None, traits: Any = None, **ids: Any) -> None:
        context: dict[str, Any] = {}
        if device:
            context["device"] = {"id": device}
        if traits:
            context["traits"] = traits
        event = {"type": "track", "event": "Seen", "context": context, **ids}
        self._events.append((at, self._stamped(at, event)))

    def _stamped(self, at: datetime, event: dict[str, Any]) -> dict[str, Any]:
        return event | {"timestamp": at.isoformat(), "messageId": self._name("m", len(self._events))}

    def _written(self, email: str) -> str:
        return self._random.choice([email, email.upper(), email.title(), f" {email} "])

    def _dialled(self, phone: str) -> str:
        digits = phone.removeprefix("+")
        return self._random.choice([phone, f"00{digits}", f"+{digits[:2]} {digits[2:5]} {digits[5:]}"])
