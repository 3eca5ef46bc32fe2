"""Backup and restore of the database, by PostgreSQL's own programs.

A backup holds every tenant's rows, so it is taken by a role that row-level security does not bind: `stratum_backup`,
which can only read, borrowed by the owner's address. Roles and their passwords are not in it (they come from the
settings), nor are the secret keys, without which what was sealed cannot be opened: keep those elsewhere.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from launcher.errors import LauncherError
from launcher.postgres import program

BACKUP_ROLE = "stratum_backup"
_EMPTIED = (
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER SCHEMA public OWNER TO pg_database_owner; "
    "GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT USAGE, CREATE ON SCHEMA public TO stratum_owner, stratum_lookup;"
)


class BackupError(LauncherError):
    """A backup or a restore that was not done; nothing was changed."""


def backup(owner_url: str, file: Path) -> None:
    """Write the whole database to `file`, as of one instant. The file is its owner's alone, and whole or not there."""
    role = asyncio.run(_reading_role(owner_url))
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        fresh = Path(folder) / file.name
        _run(
            owner_url, "pg_dump", "--format=custom", *([f"--role={role}"] if role else []), f"--file={fresh}"
        )
        _run(owner_url, "pg_restore", "--list", str(fresh))
        fresh.chmod(0o600)
        fresh.replace(file)


def restore(owner_url: str, file: Path, *, replace: bool) -> None:
    """Put a backup into the owner's database, in one transaction: all of it, or nothing.

    The roles must be there. A database that holds something already is refused, unless `replace` says that
    what it holds may go.
    """
    if not file.is_file():
        raise BackupError(f"There is no {file}.")
    if not replace and asyncio.run(_holds_something(owner_url)):
        raise BackupError(
            "The database is not empty. Restore into an empty one, or add --replace to lose what it holds."
        )
    with tempfile.TemporaryDirectory(prefix="stratum-restore-") as folder:
        script = Path(folder) / "script.sql"
        _run(owner_url, "pg_restore", f"--file={script}", str(file))
        quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        _run(owner_url, "psql", *quiet, "--single-transaction", f"--command={_EMPTIED}", f"--file={script}")


async def _reading_role(owner_url: str) -> str | None:
    """The role to read with; None where the owner's address may read everything by itself."""
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        borrowed = await connection.fetchval(
            "SELECT rolbypassrls AND pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1",
            BACKUP_ROLE,
        )
        alone = await connection.fetchval(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    if not borrowed and not alone:
        raise BackupError(
            "The role in DATABASE_OWNER_URL is bound by row-level security and would write an empty backup. "
            f"As a superuser: CREATE ROLE {BACKUP_ROLE} NOLOGIN BYPASSRLS; "
            f"GRANT pg_read_all_data TO {BACKUP_ROLE}; GRANT {BACKUP_ROLE} TO the owner's role."
        )
    return BACKUP_ROLE if borrowed else None


async def _holds_something(owner_url: str) -> bool:
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        query = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
        return bool(await connection.fetchval(query))
    finally:
        await connection.close()


def _run(url: str, name: str, *words: str) -> None:
    done = subprocess.run(
        [_find(name), *words],
        env={**os.environ, **connection_environment(url)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"{name} failed: {_last(done.stderr.splitlines())}")


def _last(lines: Sequence[str]) -> str:
    return "\n".join(lines[-8:]) or "it said nothing"


def _find(name: str) -> Path:
    """The machine's own program where it is new enough for the server, else the wheel's."""
    if found := shutil.which(name):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"\) (\d+)", said)
        if version and int(version[1]) >= 16:  # noqa: PLR2004  (the oldest server that Stratum runs on)
            return Path(found)
    return program(name)


def connection_environment(url: str) -> dict[str, str]:
    """What libpq reads in place of arguments: a password on a command line is for everyone to see."""
    parts = urlsplit(url)
    named = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or "") or None,
        "PGPASSWORD": unquote(parts.password or "") or None,
        "PGDATABASE": unquote(parts.path.lstrip("/")) or None,
        "PGCONNECT_TIMEOUT": "15",
    }
    for option, value in parse_qs(parts.query).items():
        if option in {"sslmode", "sslrootcert", "sslcert", "sslkey"}:
            named[f"PG{option.upper()}"] = value[0]
    return {name: value for name, value in named.items() if value is not None}
