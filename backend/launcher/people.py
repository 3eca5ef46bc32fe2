"""The story's chapter on people: from a visitor's events to a person, a segment, a funnel and an erasure."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from launcher.telling import StoryBroke, Teller

_LAPTOP_VIEWS, _PHONE_VIEWS = 3, 2


class People(Teller):
    def _people(self) -> None:
        who = secrets.token_hex(3)
        before = datetime.now(UTC)
        profile_id = self._two_strangers_become_one(who)
        self._why_they_are_one(profile_id)
        self._a_segment_follows(who, profile_id)
        self._a_funnel()
        self._consents(profile_id)
        self._forget(who, profile_id, before)

    def _two_strangers_become_one(self, who: str) -> str:
        laptop, phone = {"anonymousId": f"laptop-{who}"}, {"anonymousId": f"phone-{who}"}
        views = [laptop] * _LAPTOP_VIEWS + [phone] * _PHONE_VIEWS
        self._write(who, [{**each, "type": "track", "event": "Product Viewed"} for each in views])
        one, other = self._person(laptop, _LAPTOP_VIEWS), self._person(phone, _PHONE_VIEWS)
        self._line(f"A laptop looked at {one['event_count']} products, a phone at {other['event_count']}.")
        if one["id"] == other["id"]:
            raise StoryBroke("Nothing told yet that these two are one person.")
        user = {"userId": f"customer-{who}"}
        signed_in = {"type": "identify", **user, **laptop, "traits": {"email": f"{who}@shop.example"}}
        order = {"order_id": f"order-{who}", "revenue": 49.9, "currency": "EUR"}
        bought = {"type": "track", "event": "Order Completed", **user, **phone, "properties": order}
        self._write(who, [signed_in, bought])
        person = self._person(laptop, len(views) + 2)
        paid = person["revenue"]["EUR"] / 1_000_000
        self._line(
            f"They signed in on both, and one bought: one person, {person['lifecycle']}, "
            f"{person['event_count']} events, EUR {paid:.2f}."
        )
        return str(person["id"])

    def _why_they_are_one(self, profile_id: str) -> None:
        graph = self._get(f"/cdp/profiles/{profile_id}/identity-graph")
        named = {each["key"]: f"{each['type']} {each['value']}" for each in graph["identifiers"]}
        for link in graph["links"]:
            self._line(
                f"  {named[link['a_key']]} is {named[link['b_key']]}: said by event {link['event_id']}"
            )

    def _a_segment_follows(self, who: str, profile_id: str) -> None:
        rule = {"kind": "event", "event": "Order Completed", "window": {"kind": "last", "days": 30}}
        found = self._post("/cdp/segments/preview", {"rule": rule})
        self._line(f"Bought within 30 days: {found['count']} of {found['total']} people.")
        segment = self._post("/cdp/segments", {"name": f"Bought within 30 days ({who})", "rule": rule})
        address = f"/cdp/segments/{segment['id']}"
        size = self._until("the segment", lambda: self._live(address))["member_count"]
        order = {"order_id": f"second-{who}", "revenue": 12.5, "currency": "EUR"}
        self._write(who, [
            {"type": "track", "event": "Order Completed", "userId": f"guest-{who}", "properties": order}
        ])  # fmt: skip
        self._until("another member", lambda: self._get(address)["member_count"] > size)
        self._line(f"The segment had {size} members; somebody else bought, and it has {size + 1}.")
        why = self._get(f"{address}/why/{profile_id}")
        self._line(f"  why our person is in: {why['reasons'][0]['event_count']} event that counts.")
        self._send("DELETE", address)

    def _live(self, address: str) -> dict[str, Any] | None:
        segment: dict[str, Any] = self._get(address)
        return segment if segment["state"] == "live" else None

    def _a_funnel(self) -> None:
        steps = [{"event": "Order Completed", "label": each} for each in ("bought", "bought again")]
        definition = {"steps": steps, "days": {"kind": "last", "days": 30}, "modes": ["strict_increase"]}
        found = self._post("/cdp/funnels/compute", {"definition": definition})
        told = ", ".join(f"{each['label']} {each['people']}" for each in found["steps"])
        self._line(f"Funnel of the last 30 days, a week to go on: {told}.")

    def _consents(self, profile_id: str) -> None:
        purposes = self._get(f"/cdp/consents/{profile_id}")["purposes"]
        ads = purposes["ads"]
        self._line(f"They said nothing of ads, in no known country: {ads['decision']} ({ads['because']}).")

    def _forget(self, who: str, profile_id: str, before: datetime) -> None:
        asked = {"kind": "erasure", "profile_id": profile_id, "reason": "They asked us to forget them."}
        address = f"/cdp/privacy/requests/{self._post('/cdp/privacy/requests', asked)['id']}"
        self._until("the erasure", lambda: self._get(address)["status"] == "done")
        told = self._get(f"{address}/certificate")
        self._line(f"Erased; the certificate's signature is {'good' if told['valid'] else 'NOT good'}:")
        for step in self._get(address)["steps"]:
            self._line(f"  {step['store']:<24} {step['status']:<10} {step['rows']:>4}")
        earlier = (before - timedelta(minutes=5)).isoformat()
        late = {
            "type": "track",
            "event": "Product Viewed",
            "anonymousId": f"laptop-{who}",
            "timestamp": earlier,
        }
        message_id = self._write(who, [late])[0]
        verdicts = self._until("the verdict", lambda: self._get("/cdp/events/verdicts?code=erased")["items"])
        if all(each["message_id"] != message_id for each in verdicts):
            raise StoryBroke("An event of the erased person came back.")
        self._line("An old event of theirs, sent again, is refused: erased.")

    def _person(self, identifier: dict[str, str], events: int) -> dict[str, Any]:
        (value,) = identifier.values()

        def look() -> dict[str, Any] | None:
            found = self._get(f"/cdp/profiles?identifier={value}")["items"]
            return found[0] if found and found[0]["event_count"] == events else None

        person: dict[str, Any] = self._until(f"the person behind {value}", look)
        return person

    def _write(self, who: str, events: list[dict[str, Any]]) -> list[str]:
        """Send as an SDK does, with the source's write key; the message ids."""
        ids = [f"demo-{who}-{secrets.token_hex(8)}" for _ in events]
        batch = [{**event, "messageId": each} for event, each in zip(events, ids, strict=True)]
        url = f"{self._demo['url']}/v1/batch"
        answer = self._api.post(url, json={"batch": batch, "writeKey": self._demo["write_key"]})
        if answer.is_error:
            raise StoryBroke(f"{url} answered {answer.status_code}: {answer.text[:500]}")
        return ids
