"""The story that `stratum demo` tells, over the public API of a running Stratum and the sandbox's clock.

Nothing here reaches behind the API: it does what a person with the demo's password could do, and prints what came back.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from launcher.people import People
from launcher.telling import StoryBroke

_CALM = 1.2
_UNIT = 1_000_000
_ACCOUNT = "102030405060701"
_EVALUATIONS = 14
_RESTS_ON = ("freshness", "variance", "event_loss")


class Story(People):
    def tell(self) -> None:
        self._sign_in()
        account = self._connect()
        self._shop_sends()
        self._chapter("1. Healthy: the gate lets a raise pass, and the platform holds it")
        self._become_healthy(account)
        self._raise_that_passes(account)
        self._chapter("2. The pixel is dropped: health falls, raises stop, people and safety do not")
        self._drop_the_pixel(account)
        self._raise_that_is_stopped(account)
        self._pause_by_a_person(account)
        self._kill_switch()
        self._chapter("3. Repaired: trust comes back slowly, then the gate opens again")
        self._repair(account)
        self._raise_that_passes(account)
        self._chapter("4. The ledger")
        self._ledger()
        self._chapter("5. Who the events are about: two strangers become one person, and can be forgotten")
        self._people()
        self._line(f"The story took {time.monotonic() - self._started:.0f} s.")

    # What the story is made of

    def _sign_in(self) -> None:
        signed_in = self._post(
            "/auth/login", {"email": self._demo["email"], "password": self._demo["password"]}
        )
        self._api.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        self._line(f"Signed in as {self._demo['email']}.")

    def _connect(self) -> dict[str, Any]:
        """The dollar account of the sandbox, connected with the standing token, enabled and leased for writing."""
        known = self._dollar_accounts()
        if not known:
            body = {"platform": "meta", "access_token": self._demo["sandbox_meta_token"], "read_only": False}
            self._post("/integrations/connections", body)
            known = self._until(
                "the ad accounts", lambda: [a for a in self._accounts() if a["external_id"] == _ACCOUNT]
            )
        changes = {"enabled": True, "write_lease": True, "conversions_enabled": True}
        account: dict[str, Any] = self._send("PATCH", f"/integrations/ad-accounts/{known[0]['id']}", changes)
        self._line(
            f"Connected {account['name']} ({account['currency']}, {account['timezone']}) for reading and writing."
        )
        return account

    def _shop_sends(self, days: int = 18) -> None:
        """The shop's own Segment client, pointed at Stratum: its past orders, and everything from now on."""
        self._control(
            "POST", "shop", {"host": self._demo["url"], "write_key": self._demo["write_key"], "enabled": True}
        )
        self._control("POST", "shop/backfill", {"days": days})
        self._settled()
        stats = self._get("/cdp/events/stats")
        self._line(f"The shop sends events with Segment's SDK: {json.dumps(stats)[:160]}")

    def _become_healthy(self, account: dict[str, Any]) -> None:
        health = self._watch(account, hours=6, until=self._is_trusted)
        self._line(
            f"Signal health {health['score']:.1f}, coverage {health['coverage']:.0%}, mode {health['mode']}."
        )
        for component in health["components"]:
            score = "unknown" if component["score"] is None else f"{component['score']:.0f}"
            self._line(f"  {component['name']:<12} {component['state']:<8} {score:>7}  {component['reason']}")

    def _raise_that_passes(self, account: dict[str, Any]) -> None:
        campaign = self._campaign(account)
        action = self._raise(campaign, 1.10)
        self._verdict(action)
        if action["verdict"] != "pass":
            raise StoryBroke("The gate should have let a raise on healthy signals pass.")
        done = self._ended(action)
        if done["state"] != "verified":
            raise StoryBroke(f"The action should have been verified; it is {done['state']}.")
        held = self._sandbox.get(
            f"/v25.0/{campaign['external_id']}",
            params={"fields": "daily_budget", "access_token": self._demo["sandbox_meta_token"]},
        ).json()
        self._line(f"  steps: {' → '.join(step['to_state'] for step in done['timeline'])}")
        self._line(
            f"  the platform itself now holds a daily budget of {int(held['daily_budget']) / 100:.2f}."
        )

    def _drop_the_pixel(self, account: dict[str, Any]) -> None:
        self._control("POST", "faults", {"kind": "pixel_drop", "severity": 1.0, "account": f"act_{_ACCOUNT}"})
        health = self._watch(account, hours=6, until=lambda found: found["mode"] in {"frozen", "cuts_only"})
        shown = "unknown" if health["score"] is None else f"{health['score']:.1f}"
        self._line(f"Signal health fell to {shown}, mode {health['mode']}, capped by {health['capped_by']}.")
        for driver in health["drivers"][:3]:
            self._line(f"  {driver if isinstance(driver, str) else driver['sentence']}")
        for incident in self._get("/trust/incidents?status=open")["items"]:
            self._line(f"  incident: {incident['sentence']}  → {incident['mend']}")

    def _raise_that_is_stopped(self, account: dict[str, Any]) -> None:
        action = self._raise(self._campaign(account), 1.10)
        self._verdict(action)
        if action["verdict"] == "pass":
            raise StoryBroke("The gate let a raise pass on a dropped pixel.")

    def _pause_by_a_person(self, account: dict[str, Any]) -> None:
        campaign = self._campaign(account, worst=True)
        body = {"campaign_id": campaign["id"], "status": "paused", "reason": "I want this one stopped."}
        action = self._post("/autopilot/actions", body)
        self._verdict(action)
        self._line(f"  a person's pause of {campaign['name']}: {self._ended(action)['state']}.")

    def _kill_switch(self) -> None:
        on = self._post("/autopilot/kill-switch", {"engaged": True, "reason": "The pixel is gone."})
        self._line(f"Kill switch: engaged={on['engaged']}, in flight {len(on['in_flight'])}.")
        off = self._post("/autopilot/kill-switch", {"engaged": False, "reason": "Seen that it works."})
        self._line(f"Kill switch: engaged={off['engaged']}.")

    def _repair(self, account: dict[str, Any]) -> None:
        self._control("DELETE", "faults?forget=true")
        modes: list[str] = []
        health = self._watch(
            account, hours=8, until=self._is_trusted, note=lambda found: modes.append(found["mode"])
        )
        self._line(f"Modes on the way: {' → '.join(modes)}.")
        self._line(f"Signal health {health['score']:.1f}, mode {health['mode']}.")

    def _ledger(self) -> None:
        found = self._post("/trust/ledger/verify", {})
        self._line(f"Every entry hashed, linked and decided again: {json.dumps(found)[:200]}")

    # How it is done

    @staticmethod
    def _is_trusted(health: dict[str, Any]) -> bool:
        """Normal, and each signal that a return rests on is known to be good."""
        good = {each["name"] for each in health["components"] if each["state"] == "good"}
        return health["mode"] == "normal" and good >= set(_RESTS_ON)

    def _dollar_accounts(self) -> list[dict[str, Any]]:
        return [each for each in self._accounts() if each["external_id"] == _ACCOUNT]

    def _accounts(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._get("/integrations/ad-accounts?limit=200")["items"]
        return items

    def _campaign(self, account: dict[str, Any], *, worst: bool = False) -> dict[str, Any]:
        """A live campaign with a daily budget of its own; the one with the least budget where `worst`."""
        found = [
            each
            for each in self._get("/campaigns?limit=200")["items"]
            if each["ad_account_id"] == account["id"]
            and each["status"] == "active"
            and each["daily_budget_micros"]
        ]
        if not found:
            raise StoryBroke("No live campaign has a daily budget of its own.")
        campaign: dict[str, Any] = sorted(found, key=lambda each: each["daily_budget_micros"])[
            0 if worst else -1
        ]
        return campaign

    def _raise(self, campaign: dict[str, Any], factor: float) -> dict[str, Any]:
        """A person's wish, through the very gate that automation passes, resting on three signals."""
        wanted = round(campaign["daily_budget_micros"] * factor / 10_000) * 10_000
        self._line(
            f"Raise {campaign['name']}: {campaign['daily_budget_micros'] / _UNIT:.2f} → {wanted / _UNIT:.2f} "
            f"{campaign['currency']} a day."
        )
        body = {
            "campaign_id": campaign["id"],
            "daily_budget_micros": wanted,
            "reason": "It earns more than it costs.",
            "justified_by": list(_RESTS_ON),
        }
        action: dict[str, Any] = self._post("/autopilot/actions", body)
        return action

    def _verdict(self, action: dict[str, Any]) -> None:
        self._line(f"  {action['verdict'].upper()}  decision {action['decision_id']}  action {action['id']}")
        for reason in action["reasons"]:
            self._line(f"    [{reason['verdict']}] {reason['sentence']}")

    def _ended(self, action: dict[str, Any]) -> dict[str, Any]:
        moving = {"approved", "executing", "applied"}

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._get(f"/autopilot/actions/{action['id']}")
            return None if found["state"] in moving else found

        done: dict[str, Any] = self._until(f"action {action['id']}", look)
        return done

    def _watch(
        self,
        account: dict[str, Any],
        *,
        hours: float,
        until: Callable[[dict[str, Any]], bool],
        note: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Let time pass, synchronise and evaluate, until the account's health is as expected."""
        health: dict[str, Any] = {}
        for _ in range(_EVALUATIONS):
            self._control("POST", "clock", {"advance_hours": hours})
            self._settled()
            self._synchronise(account)
            self._post("/trust/health/evaluate", {})
            health = next(
                each
                for each in self._get("/trust/health")["accounts"]
                if each["ad_account_id"] == account["id"]
            )
            if note is not None:
                note(health)
            if until(health):
                return health
        raise StoryBroke(f"After {_EVALUATIONS} evaluations the health is {json.dumps(health)[:800]}")

    def _synchronise(self, account: dict[str, Any]) -> None:
        before = self._account(account)["last_synced_at"]
        self._send("POST", f"/integrations/ad-accounts/{account['id']}/sync")
        self._until("the synchronisation", lambda: self._account(account)["last_synced_at"] != before)

    def _account(self, account: dict[str, Any]) -> dict[str, Any]:
        return next(each for each in self._accounts() if each["id"] == account["id"])

    def _settled(self) -> None:
        """Until the shop has sent what happened up to now, and the platform has answered for each conversion."""
        self._until("the shop's events", lambda: not self._busy(self._control("GET", "shop")))
        try:
            self._until("the platform's answers", self._is_answered)
        except StoryBroke as broke:
            raise StoryBroke(f"{broke} {self._unanswered()}") from None

    def _is_answered(self) -> bool:
        """Nothing waits to be sent, and nothing new has come for a moment."""
        newest = self._newest_delivery()
        time.sleep(_CALM)
        waiting = self._get("/integrations/conversions?status=queued&limit=1")["items"]
        return not waiting and newest == self._newest_delivery()

    def _unanswered(self) -> str:
        waiting = self._get("/integrations/conversions?status=queued&limit=200")["items"]
        return f"Waiting: {len(waiting)}, such as {waiting[-1:]}. The newest: {self._newest_delivery()}."

    def _newest_delivery(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._get("/integrations/conversions?limit=1")["items"]
        return items

    @staticmethod
    def _busy(shop: dict[str, Any]) -> bool:
        return bool(shop["queued"] or shop["backfilling"])
