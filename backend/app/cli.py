"""The `stratum` command."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from app.auth.permissions import Role
from app.base_models import Base
from app.core.config import settings
from app.core.errors import StratumError
from app.core.security import key_ids
from app.core.settings_example import example
from app.db import migrations, roles
from app.db.sealed import sealed_columns
from app.db.session import open_doors
from app.services.admin.keys.service import KeyRotation, Standing, Tally
from app.services.admin.system.rules import Finding, State
from app.services.admin.system.service import examine
from app.services.onboarding.service import Onboarding
from app.services.trust_engine.gate.verifying import drill_ledger, export_head, verify_ledgers
from app.services.trust_engine.ledger.service import (
    SignedHead,
    Tampering,
    Verification,
    read_head,
    write_head,
)
from app.services.trust_engine.replay.policy_files import read_changes
from app.services.trust_engine.replay.presenting import counterfactual_read
from app.services.trust_engine.replay.service import replay_ledgers
from app.services.trust_engine.replay.telling import told
from launcher import backup as operators
from launcher import checkup
from launcher import up as start
from launcher.errors import LauncherError
from launcher.home import ROOT, home_folder, home_path
from launcher.system import write_private

Made = TypeVar("Made")

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Operate Stratum.", pretty_exceptions_enable=False
)


@cli.command()
def migrate(revision: str = "head") -> None:
    """Make the database's roles and bring its schema up to date; needs DATABASE_OWNER_URL."""
    asyncio.run(roles.ensure_roles(settings))
    migrations.upgrade(settings, revision)


@cli.command()
def openapi(path: Annotated[Path, typer.Option("--path", "-o")] = Path("openapi.json")) -> None:
    """Write the API's description to a file."""
    from app.main import create_app  # noqa: PLC0415  (only this command needs the whole application)

    path.write_text(json.dumps(create_app().openapi(), indent=1, sort_keys=True) + "\n")


@cli.command("settings")
def show_settings(path: Annotated[Path, typer.Option("--path", "-o")] = ROOT / ".env.example") -> None:
    """Write every setting with its default to a file; its test says when it is out of date."""
    path.write_text(example())


@cli.command()
def backup(file: Path) -> None:
    """Write the whole database to FILE; needs DATABASE_OWNER_URL. Keep the secret keys elsewhere."""
    operators.backup(roles.owner_dsn(settings), file)
    typer.echo(f"Written: {file} ({file.stat().st_size / 1_048_576:.1f} MiB)")


@cli.command()
def restore(
    file: Path,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Lose what the database holds.")] = False,
) -> None:
    """Put a backup into the database, all of it or nothing; needs DATABASE_OWNER_URL."""
    asyncio.run(roles.ensure_roles(settings))
    operators.restore(roles.owner_dsn(settings), file, replace=replace)
    asyncio.run(roles.ensure_roles(settings))
    typer.echo("Restored. Now: stratum migrate (if the code is newer), stratum doctor, stratum trust verify.")


@cli.command()
def doctor() -> None:
    """Say what is wrong with this installation, and how to mend it; exits 1 where something is."""
    from app.workers.roster import call_the_roll  # noqa: PLC0415  (only this command needs every task's code)

    home = home_path(os.environ)
    own = checkup.is_its_own(home, settings.database_url.get_secret_value())
    findings = [
        Finding(trouble.part, State.WRONG, trouble.says, trouble.mend)
        for trouble in (checkup.look(home) if own else [])
    ]
    findings += asyncio.run(examine(settings, home if own else Path.cwd(), call_the_roll))
    for finding in findings:
        typer.echo(f"{finding.state:<7} {finding.part:<13} {finding.says}")
        if finding.mend:
            typer.echo(f"{'':<21} -> {finding.mend}")
    wrong = sum(finding.state is State.WRONG for finding in findings)
    typer.echo(f"{wrong} wrong" if wrong else "Nothing is wrong")
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def up(
    *,
    dev: Annotated[bool, typer.Option("--dev", help="Reload the API and the dashboard as you edit.")] = False,
) -> None:
    """Start everything on this machine: databases, API, worker, Beat, relay, sandbox."""
    raise typer.Exit(start.up(dev=dev))


tenants = typer.Typer(no_args_is_help=True, help="Companies.")
users = typer.Typer(no_args_is_help=True, help="People.")
cli.add_typer(tenants, name="tenant")
cli.add_typer(users, name="user")


@cli.command()
def demo() -> None:
    """Tell the whole story on a running Stratum, over its API and the sandbox's clock; stops where it breaks."""
    from launcher.demo import Story  # noqa: PLC0415  (needs the sandbox, which production has not)

    with closing(Story(home_folder(os.environ), typer.echo)) as story:
        story.tell()
    typer.echo(
        "  Tampered with as the database's owner could, held against an exported head, all taken back:"
    )
    drill(tenant=story.tenant_id)


@tenants.command("create")
def create_tenant(name: str) -> None:
    """Make a company; prints its id."""
    typer.echo(_onboard(lambda onboarding: onboarding.create_tenant(name)).id)


@users.command("create")
def create_user(
    email: str,
    *,
    tenant: Annotated[int, typer.Option(help="The company's id.")],
    name: Annotated[str, typer.Option(help="The person's full name.")],
    role: Role = Role.VIEWER,
    protected: Annotated[bool, typer.Option("--protected", help="Only superadmins may change them.")] = False,
) -> None:
    """Make a person with a verified address; prints their id. A superadmin may enter every company.

    The password comes from STRATUM_USER_PASSWORD, else from a pipe, else from a prompt; never from an argument.
    """
    password = _password()
    user = _onboard(
        lambda onboarding: onboarding.create_user(
            tenant, email=email, full_name=name, password=password, role=role, is_protected=protected
        )
    )
    typer.echo(user.id)


@cli.command()
def bootstrap(
    state: Annotated[Path, typer.Option(help="Keeps the secrets that are shown once; made with mode 0600.")],
) -> None:
    """Make the demo company where it is missing; prints what opens it, as JSON. Safe to repeat.

    The admin's password is STRATUM_BOOTSTRAP_PASSWORD.
    """
    password = os.environ.get("STRATUM_BOOTSTRAP_PASSWORD", "")
    known = json.loads(state.read_text()) if state.exists() else {}
    demo = _onboard(
        lambda onboarding: onboarding.ensure_demo(
            password, api_key=known.get("api_key"), write_key=known.get("write_key")
        )
    )
    write_private(state, json.dumps({"api_key": demo.api_key, "write_key": demo.write_key}) + "\n")
    typer.echo(json.dumps({**asdict(demo), "password": password}))


trust = typer.Typer(no_args_is_help=True, help="The decision ledger.")
cli.add_typer(trust, name="trust")

OneTenant = Annotated[int | None, typer.Option(help="The company's id; every active one unless given.")]


@trust.command("verify")
def verify_ledger(
    *,
    tenant: OneTenant = None,
    head: Annotated[
        Path | None, typer.Option(help="A head that was exported: it shows a tail that was cut off.")
    ] = None,
) -> None:
    """Recompute every chain and decide every row again from its own inputs; exits 1 where anything differs."""
    kept = read_head(head.read_bytes()) if head else None

    async def run() -> list[Verification]:
        async with open_doors(settings) as doors:
            return await verify_ledgers(doors, tenant, kept)

    found = asyncio.run(run())
    for each in found:
        state = "whole" if each.whole else "BROKEN"
        typer.echo(f"tenant {each.tenant_id}: {state}, {each.entries} rows, head {each.head_hash[:16]}")
        for fault in each.faults:
            typer.echo(f"  {fault.kind}: {fault.sentence}")
    raise typer.Exit(0 if all(each.whole for each in found) else 1)


@trust.command("replay")
def replay_ledger(
    *,
    policy: Annotated[Path, typer.Option(help="YAML: what would change of the policy in force.")],
    tenant: OneTenant = None,
    since: Annotated[
        datetime | None, typer.Option(help="From when on, UTC; from the first row unless given.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Up to when, UTC; now unless given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each company.")] = False,
) -> None:
    """Decide past decisions again under a changed policy, as known at their time. Writes nothing."""
    changes = read_changes(policy.read_bytes())

    async def run() -> None:
        async with open_doors(settings) as doors:
            period = (_utc(since), _utc(until))
            async for found in replay_ledgers(doors, changes, tenant_id=tenant, period=period):
                read = counterfactual_read(found)
                if as_json:
                    typer.echo(json.dumps({"tenant_id": found.tenant_id, **read.model_dump(mode="json")}))
                else:
                    typer.echo("\n".join(told(found.tenant_id, read)))

    asyncio.run(run())


def _utc(moment: datetime | None) -> datetime | None:
    """What was typed without a zone is UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


@trust.command("export-head")
def export_ledger_head(
    *,
    tenant: Annotated[int, typer.Option(help="The company's id.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file, else the terminal.")] = None,
) -> None:
    """Write the chain's end, signed: keep it where the database cannot reach."""

    async def run() -> SignedHead:
        async with open_doors(settings) as doors:
            return await export_head(doors, tenant)

    written = write_head(asyncio.run(run())).decode()
    if output is None:
        typer.echo(written, nl=False)
    else:
        output.write_text(written)


@trust.command("drill")
def drill(
    *,
    tenant: Annotated[int, typer.Option(help="The company's id.")],
) -> None:
    """Tamper with a ledger in every known way, see each found, take it all back; needs DATABASE_OWNER_URL."""
    if settings.database_owner_url is None:
        raise roles.OwnerUrlMissing
    as_owner = settings.model_copy(update={"database_url": settings.database_owner_url})

    async def run() -> list[Tampering]:
        async with open_doors(as_owner) as doors:
            return await drill_ledger(doors, tenant)

    tried = asyncio.run(run())
    for each in tried:
        faults = ", ".join(sorted({fault.kind for fault in each.verification.faults}))
        typer.echo(f"  {each.name}: {faults or 'NOT FOUND'}")
    if any(each.verification.whole for each in tried):
        raise typer.Exit(1)


keys = typer.Typer(no_args_is_help=True, help="The secret key and those before it.")
cli.add_typer(keys, name="keys")

OfTenant = Annotated[int | None, typer.Option(help="Only this company's, by its id.")]


@keys.command("status")
def key_status(*, tenant: OfTenant = None) -> None:
    """Say how much each key has sealed, by the keys' ids; needs DATABASE_OWNER_URL. Exits 1 where one is missing."""
    standing = asyncio.run(_rotate(tenant, lambda rotation: rotation.standing()))
    raise typer.Exit(_say_standing(standing, is_done=False))


@keys.command("reseal")
def reseal_all(
    *,
    tenant: OfTenant = None,
    batch: Annotated[int, typer.Option(min=1, max=5_000, help="Rows of a transaction.")] = 500,
) -> None:
    """Seal by SECRET_KEY what PREVIOUS_SECRET_KEYS sealed, while all runs; needs DATABASE_OWNER_URL.

    Killed, it is simply run again. Exits 0 once nothing is left.
    """

    def told(column: str, tally: Tally) -> None:
        typer.echo(f"  {column}: {tally.resealed} sealed anew")
        for reason, count in tally.unopened.items():
            typer.echo(f"  {column}: {count} left as they are: {reason}")

    standing = asyncio.run(_rotate(tenant, lambda rotation: rotation.reseal(told), batch))
    raise typer.Exit(_say_standing(standing, is_done=True))


async def _rotate(
    tenant: int | None, work: Callable[[KeyRotation], Awaitable[list[Standing]]], batch: int = 500
) -> list[Standing]:
    if settings.database_owner_url is None:
        raise roles.OwnerUrlMissing
    as_owner = settings.model_copy(update={"database_url": settings.database_owner_url})
    async with open_doors(as_owner) as doors:
        columns = sealed_columns(Base.metadata)
        return await work(KeyRotation(doors, columns, tenant_id=tenant, batch=batch))


def _say_standing(standing: list[Standing], *, is_done: bool) -> int:
    """Prints it; 1 where something waits that should not: for a key that is missing, or after all was done."""
    current, *older = key_ids()
    known = {current: "current", **dict.fromkeys(older, "previous")}
    for each in standing:
        for key_id, count in sorted(each.by_key.items()):
            typer.echo(f"{each.name:<40} {key_id} {known.get(key_id, 'NOT CONFIGURED'):<14} {count:>12}")
    left = sum(each.left(current) for each in standing)
    lost = {key_id for each in standing for key_id in each.by_key if key_id not in known}
    typer.echo(f"{left} left to seal by the current key, {current}")
    for key_id in sorted(lost):
        typer.echo(
            f"The key {key_id} is not configured: put it into PREVIOUS_SECRET_KEYS, then run this again."
        )
    return 1 if lost or (is_done and left) else 0


def _onboard(work: Callable[[Onboarding], Awaitable[Made]]) -> Made:
    async def run() -> Made:
        async with open_doors(settings) as doors:
            return await work(Onboarding(doors))

    return asyncio.run(run())


def _password() -> str:
    if given := os.environ.get("STRATUM_USER_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered


def main() -> None:
    try:
        cli(prog_name="stratum")
    except (LauncherError, StratumError) as error:
        sys.exit(f"stratum: {error}")


if __name__ == "__main__":
    main()
