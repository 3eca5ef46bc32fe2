"""`stratum trust`, run as an operator runs it: the past stands, or it is said what does not."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from app.core.config import Settings
from app.db.session import plain_url
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.service import Ask, GateService, Proposal
from tests.factories.access import Company
from tests.factories.trust import make_account

BACKEND = Path(__file__).resolve().parents[4]


async def _stratum(*words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", "trust", *words],
        cwd=BACKEND,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


async def _decide(company: Company, times: int) -> None:
    account = await make_account(company.scopes)
    for percent in range(1, times + 1):
        async with company.scopes() as scope:
            await GateService(scope).decide(
                Proposal(
                    change=account.raise_by(percent),
                    ad_account_id=account.id,
                    ask=Ask(origin=Origin.PERSON, actor="Ada"),
                )
            )


async def _cut_off_the_tail(settings: Settings, tenant_id: int) -> None:
    """As somebody with the owner's password would: the stored head is made to fit."""
    assert settings.database_owner_url is not None
    connection = await asyncpg.connect(plain_url(settings.database_owner_url.get_secret_value()))
    try:
        await connection.execute("DELETE FROM trust_ledger WHERE tenant_id = $1 AND seq = 3", tenant_id)
        await connection.execute(
            "UPDATE trust_ledger_heads SET seq = 2, hash ="
            " (SELECT hash FROM trust_ledger WHERE tenant_id = $1 AND seq = 2) WHERE tenant_id = $1",
            tenant_id,
        )
    finally:
        await connection.close()


async def test_a_kept_head_names_the_tail_that_was_cut_off(
    acme: Company, settings: Settings, tmp_path: Path
) -> None:
    await _decide(acme, 3)
    head = tmp_path / "head.json"
    exported = await _stratum("export-head", "--tenant", str(acme.id), "-o", str(head))
    assert exported.returncode == 0, exported.stderr
    before = await _stratum("verify", "--head", str(head))
    assert (before.returncode, "whole, 3 rows" in before.stdout) == (0, True), before.stdout
    await _cut_off_the_tail(settings, acme.id)
    after = await _stratum("verify", "--head", str(head))
    assert after.returncode == 1
    assert "  cut_off: " in after.stdout
