"""The same with a whole Stratum at work: it is told of the shop's orders, reads the platform, and its gate decides.

Everything goes over the public API, as a person with the demo's password would do it; the sandbox's clock is its clock.
"""

import contextlib
import random
import time
from typing import Any

from benchmarks.allocation.account import DECISIONS, EVERY, Account, Course, course
from launcher.demo import Story
from tests.browser.stack import running_stack
from tests.sandbox_process import sandbox_at

_A_PLAN_GOES_ON = 65.0
"""Seconds: the raises of a plan are looked at each minute, once its cuts hold."""
_OPEN = frozenset({"proposed", "approved", "executing", "applied"})


def with_gate(seed: int, fault: str | None) -> Course:
    with (
        running_stack(STRATUM_SANDBOX_SEED=str(seed)) as stack,
        contextlib.closing(_Loop(stack.home, lambda _: None)) as loop,
    ):
        account = Account(sandbox_at(loop.sandbox_url))
        start = dict(account.budgets)
        account.explore(random.Random(seed))  # noqa: S311  (a benchmark's draws)
        loop.begin()
        if fault is not None:
            account.break_(fault)
        path = []
        for _ in range(DECISIONS):
            loop.live(EVERY)
            loop.decide()
            account.read()
            path.append(dict(account.budgets))
        return course(account, start, path, loop.held)


class _Loop(Story):
    held = 0

    @property
    def sandbox_url(self) -> str:
        return str(self._demo["sandbox_url"])

    def begin(self) -> None:
        """The account connected, the strategy on and allowed to act, health good."""
        self._control("POST", "clock", {"mode": "real"})
        self._sign_in()
        self._account_id = self._connect()["id"]
        self._shop_sends()
        self._become_healthy({"id": self._account_id})
        self._send("PUT", "/autopilot/enforcement", {"level": 1})
        self._send("PATCH", "/autopilot/strategies/reallocation", {"enabled": True})

    def live(self, days: int) -> None:
        """Day by day: what happens in the shop arrives, the platform is read, signals are scored."""
        for _ in range(days):
            self._control("POST", "clock", {"advance_hours": 24})
            self._settled()
            self._synchronise({"id": self._account_id})
            self._post("/trust/health/evaluate", {})

    def decide(self) -> None:
        """The strategy looks once; its cuts are made, read back and synchronised, and then its raises."""
        known = self._actions().keys()
        self._post("/autopilot/strategies/reallocation/run", {})
        if self._settle_actions().keys() > known:
            self._synchronise({"id": self._account_id})
            time.sleep(_A_PLAN_GOES_ON)
        found = self._settle_actions()
        self.held += sum(each["verdict"] != "pass" for name, each in found.items() if name not in known)

    def _settle_actions(self) -> dict[str, Any]:
        found: dict[str, Any] = self._until("the actions", self._settled_actions)
        return found

    def _settled_actions(self) -> dict[str, Any] | None:
        found = self._actions()
        is_open = any(each["state"] in _OPEN for each in found.values())
        return None if is_open else {"": {"verdict": "pass"}} | found

    def _actions(self) -> dict[str, Any]:
        found = {each["id"]: each for each in self._get("/autopilot/actions?limit=200")["items"]}
        return {"": {"verdict": "pass", "state": "verified"}} | found
