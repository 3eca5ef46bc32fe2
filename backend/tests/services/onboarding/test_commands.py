"""The `stratum` commands that make companies and people, run as an operator runs them."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from httpx2 import AsyncClient

from app.core.ids import uuid7
from tests.factories.access import Company

BACKEND = Path(__file__).resolve().parents[3]


async def _stratum(
    *words: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", *words],
        cwd=BACKEND,
        env={**os.environ, **environment},
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_demo_is_made_once_and_its_secrets_work(anonymous: AsyncClient, tmp_path: Path) -> None:
    state = tmp_path / "bootstrap.json"
    password = {"STRATUM_BOOTSTRAP_PASSWORD": "generated-by-the-launcher"}
    said = [await _stratum("bootstrap", "--state", str(state), **password) for _ in range(2)]
    assert said[0].returncode == 0, said[0].stderr
    assert said[0].stdout == said[1].stdout
    assert state.stat().st_mode & 0o777 == 0o600
    facts = json.loads(said[0].stdout)
    login = await anonymous.post(
        "/api/v1/auth/login", json={"email": facts["email"], "password": facts["password"]}
    )
    assert login.json()["tenant_id"] == facts["tenant_id"]
    answer = await anonymous.get("/api/v1/tenants/current", headers={"X-API-Key": facts["api_key"]})
    assert answer.json()["name"] == "Acme Demo"
    event = {"event": "Signed Up", "userId": "u1", "messageId": str(uuid7())}
    taken = await anonymous.post("/v1/track", json=event, auth=(facts["write_key"], ""))
    assert taken.status_code == 200


async def test_an_operator_makes_a_company_and_its_superadmin(anonymous: AsyncClient) -> None:
    email = f"{uuid7()}@new.example"
    tenant = (await _stratum("tenant", "create", "By Hand")).stdout.strip()
    words = ("user", "create", email, "--tenant", tenant, "--name", "Sue Per", "--role", "superadmin")
    made = await _stratum(*words, stdin="a password of some length\n")
    assert made.returncode == 0, made.stderr
    login = await anonymous.post(
        "/api/v1/auth/login", json={"email": email, "password": "a password of some length"}
    )
    assert login.json()["tenants"] == [{"id": int(tenant), "name": "By Hand", "role": "superadmin"}]


async def test_a_taken_address_or_a_short_password_is_said_in_one_line(acme: Company) -> None:
    words = ("user", "create", acme.person().email, "--tenant", str(acme.id), "--name", "X")
    taken = await _stratum(*words, STRATUM_USER_PASSWORD="a password of some length")
    assert (taken.returncode, taken.stderr) == (1, "stratum: This address has an account already.\n")
    short = await _stratum(*words, STRATUM_USER_PASSWORD="short")
    assert (short.returncode, short.stderr) == (1, "stratum: The password needs at least 12 characters.\n")
