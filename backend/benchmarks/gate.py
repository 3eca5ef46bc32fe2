"""How long a decision of the gate takes: with everything it reads and the ledger row it writes, and the rules alone.

python -m benchmarks.gate
"""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence

from app.core.config import get_settings
from app.main import create_app
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.rules import decide
from app.services.trust_engine.gate.service import Ask, GateService, Proposal, read_entry
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.ledger.service import Ledger
from benchmarks.stack import BACKEND, running_stack
from tests.factories.access import make_company
from tests.factories.trust import make_account

DECISIONS = 400
REPEATS = 5_000


def _show(what: str, seconds: Sequence[float]) -> None:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.50, 0.99))
    print(f"{what:<34} p50 {p50:7.3f} ms   p99 {p99:7.3f} ms   ({len(ordered)} decisions)")


async def _measure() -> None:
    app = create_app(get_settings())
    async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
        company = await make_company(app, stack, "Benchmark")
        account = await make_account(company.scopes)
        async with company.scopes() as scope:
            await HealthService(scope).evaluate(account.id)
        proposal = Proposal(
            change=account.raise_by(10),
            ad_account_id=account.id,
            campaign_id=account.campaign_id,
            ask=Ask(origin=Origin.PERSON, actor="benchmark"),
        )
        whole = []
        for _ in range(DECISIONS):
            started = time.perf_counter()
            async with company.scopes() as scope:
                decision = await GateService(scope).decide(proposal)
            whole.append(time.perf_counter() - started)
        _show("gate, read, decide and write down", whole)
        async with company.scopes() as scope:
            if decision.id is None:
                raise SystemExit("A decision has no row in the ledger.")
            facts, _result = read_entry(await Ledger(scope).entry(decision.id))
    alone = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        decide(facts)
        alone.append(time.perf_counter() - started)
    _show("gate, rules alone", alone)


def main() -> None:
    with running_stack() as stack:
        command = [sys.executable, "-m", "benchmarks.gate", "--measure"]
        subprocess.run(command, cwd=BACKEND, env=stack.environment, check=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        asyncio.run(_measure())
    else:
        main()
