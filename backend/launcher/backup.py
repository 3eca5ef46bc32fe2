"""Backup and restore of the database, by PostgreSQL's own programs.

A backup holds every tenant's rows, so it is taken by a role that row-level security does not bind: `stratum_backup`,
which can only read, borrowed by the owner's address. Roles and their passwords are not in it (they come from the
settings), nor are the secret keys, without which what was sealed cannot be opened: keep those elsewhere.
"""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
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
    server = asyncio.run(_look(owner_url))
    if not server.borrows and not server.alone:
        raise BackupError(
            "The role in DATABASE_OWNER_URL is bound by row-level security and would write an empty backup. "
            f"As a superuser: CREATE ROLE {BACKUP_ROLE} NOLOGIN BYPASSRLS; "
            f"GRANT pg_read_all_data TO {BACKUP_ROLE}; GRANT {BACKUP_ROLE} TO the owner's role."
        )
    role = [f"--role={BACKUP_ROLE}"] if server.borrows else []
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        fresh = Path(folder) / file.name
        _run(owner_url, server.major, "pg_dump", "--format=custom", *role, f"--file={fresh}")
        _run(owner_url, server.major, "pg_restore", "--list", str(fresh))
        fresh.chmod(0o600)
        fresh.replace(file)


def restore(owner_url: str, file: Path, *, replace: bool) -> None:
    """Put a backup into the owner's database, in one transaction: all of it, or nothing.

    The roles must be there. A database that holds something already is refused, unless `replace` says that
    what it holds may go.
    """
    if not file.is_file():
        raise BackupError(f"There is no {file}.")
    server = asyncio.run(_look(owner_url))
    if server.holds_something and not replace:
        raise BackupError(
            "The database is not empty. Restore into an empty one, or add --replace to lose what it holds."
        )
    with tempfile.TemporaryDirectory(prefix="stratum-restore-") as folder:
        script = Path(folder) / "script.sql"
        _run(owner_url, server.major, "pg_restore", f"--file={script}", str(file))
        quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        emptied = ("--single-transaction", f"--command={_EMPTIED}", f"--file={script}")
        _run(owner_url, server.major, "psql", *quiet, *emptied)


@dataclass(frozen=True)
class _Server:
    """`alone`: the owner's address reads everything by itself; `borrows`: it may act as the backup role."""

    major: int
    holds_something: bool
    alone: bool
    borrows: bool


async def _look(owner_url: str) -> _Server:
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        row = await connection.fetchrow(
            """
            SELECT current_setting('server_version_num')::int / 10000 AS major,
                   EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS holds_something,
                   (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS alone,
                   EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND rolbypassrls
                              AND pg_has_role(current_user, oid, 'MEMBER')) AS borrows
            """,
            BACKUP_ROLE,
        )
    finally:
        await connection.close()
    if row is None:
        raise BackupError("The database does not say what it is.")
    return _Server(**dict(row))


def _run(url: str, major: int, name: str, *words: str) -> None:
    done = subprocess.run(
        [_find(name, major), *words],
        env={**os.environ, **connection_environment(url)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.splitlines()[-8:])
        raise BackupError(f"{name} failed: {said or 'it said nothing'}")


def _find(name: str, major: int) -> Path:
    """The program of the server's own version, or the next newer one: an older refuses to read a newer server."""
    places = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    if on_path := shutil.which(name):
        places.append(Path(on_path))
    with contextlib.suppress(LauncherError):
        places.append(program(name))
    found = sorted((version, place) for place in places if (version := _major_of(place)) >= major)
    if not found:
        raise BackupError(
            f"There is no {name} for PostgreSQL {major} here: install postgresql-client-{major}."
        )
    return found[0][1]


def _major_of(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\) (\d+)", said)
    return int(version[1]) if version else 0


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
