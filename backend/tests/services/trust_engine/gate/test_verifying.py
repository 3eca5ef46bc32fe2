"""`stratum trust`, run as an operator runs it: the past stands, or it is said what does not."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from app.core.config import Settings
from app.core.errors import StratumError
from app.db.session import plain_url
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.service import Ask, GateService, Proposal
from app.services.trust_engine.health.service import HealthService
from app.services.trust_engine.policies.rules import DEFAULT_POLICY
from app.services.trust_engine.policies.service import drafted
from app.services.trust_engine.replay.policy_files import read_changes
from tests.factories.access import Company
from tests.factories.trust import Account, make_account

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
    await _raise(company, await make_account(company.scopes), times)


async def _raise(company: Company, account: Account, times: int) -> None:
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


async def test_a_changed_policy_is_replayed_over_the_ledger(acme: Company, tmp_path: Path) -> None:
    account = await make_account(acme.scopes)
    async with acme.scopes() as scope:
        await HealthService(scope).evaluate(account.id)
    await _raise(acme, account, 3)
    policy = tmp_path / "new.yaml"
    policy.write_text("rise_after: 1\n")
    words = ("replay", "--policy", str(policy), "--tenant", str(acme.id))
    found = await _stratum(*words)
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[:2] == [
        f"tenant {acme.id}: 3 decisions under version 2, scores and modes worked out anew",
        "  all: PASS 0 HOLD 0 BLOCK 3 -> PASS 3 HOLD 0 BLOCK 0",
    ]
    assert "  BLOCK -> PASS: 3; +6.00 -0.00 USD a day" in found.stdout
    assert "is not known: they were not written" in found.stdout
    later = json.loads(
        (await _stratum(*words, "--since", "2190-01-01", "--until", "2191-01-01", "--json")).stdout
    )
    assert (later["tenant_id"], later["rows"], later["groups"]) == (acme.id, 0, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rise_after: often", "$.rise_after"),
        ("rises_after: 3", "rises_after"),
        ("weights: {emq: 1.0}", "Weights are missing for freshness"),
        ("weights: {emq: lots}", "$.weights"),
        ("- 3", "holds no policy"),
        ("a: [", "is no YAML"),
    ],
)
def test_a_file_that_holds_no_sound_policy_is_refused_by_its_field(text: str, said: str) -> None:
    with pytest.raises(StratumError, match=re.escape(said)):
        drafted(DEFAULT_POLICY, read_changes(text.encode()))
