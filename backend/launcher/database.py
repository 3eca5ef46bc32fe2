"""Which addresses the application gets: its own roles' on a server of ours, or on one that was named."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import asyncpg

from launcher.errors import LauncherError
from launcher.home import Secrets

DATABASE = "stratum"
_ANOTHERS = (
    "The role {role} on this server has a password that another checkout gave it: both cannot run on one server\n"
    "with passwords of their own. Copy that checkout's .stratum/secrets.json here (it holds the keys to what is\n"
    "sealed in the database too), or set DATABASE_OWNER_URL, DATABASE_URL, DATABASE_RELAY_URL and\n"
    "DATABASE_MAINTENANCE_URL, or use another server."
)


@dataclass(frozen=True)
class Addresses:
    """`owner` is None where the named server's role may not migrate: then somebody else must have."""

    app: str
    relay: str | None
    maintenance: str | None
    owner: str | None

    @property
    def environment(self) -> dict[str, str]:
        named = {
            "DATABASE_URL": self.app,
            "DATABASE_RELAY_URL": self.relay,
            "DATABASE_MAINTENANCE_URL": self.maintenance,
        }
        return {name: url for name, url in named.items() if url is not None}


def addresses_on(owner_url: str, secrets: Secrets) -> Addresses:
    """The roles' addresses on the server and in the database that `owner_url` names."""
    return Addresses(
        app=_as_role(owner_url, "stratum_app", secrets.app_password),
        relay=_as_role(owner_url, "stratum_relay", secrets.relay_password),
        maintenance=_as_role(owner_url, "stratum_maintenance", secrets.maintenance_password),
        owner=owner_url,
    )


async def named_addresses(environment: Mapping[str, str], secrets: Secrets) -> Addresses:
    """What to make of `DATABASE_URL`.

    With `DATABASE_OWNER_URL` beside it, both are taken as they are. Alone, it is looked at: a role that may make
    roles becomes the owner, and the application gets a role of its own, because one that can bypass
    row-level security must never serve.
    """
    url = _plain(environment["DATABASE_URL"])
    if owner := environment.get("DATABASE_OWNER_URL"):
        derived = addresses_on(_plain(owner), secrets)
        await _demand_own_roles(
            _plain(owner),
            *(
                address
                for name, address in derived.environment.items()
                if name != "DATABASE_URL" and not environment.get(name)
            ),
        )
        return Addresses(
            app=url,
            relay=environment.get("DATABASE_RELAY_URL") or derived.relay,
            maintenance=environment.get("DATABASE_MAINTENANCE_URL") or derived.maintenance,
            owner=derived.owner,
        )
    if await _may_make_roles(url):
        derived = addresses_on(url, secrets)
        await _demand_own_roles(url, *derived.environment.values())
        return derived
    return Addresses(
        url, environment.get("DATABASE_RELAY_URL"), environment.get("DATABASE_MAINTENANCE_URL"), owner=None
    )


async def ensure_database(superuser_url: str) -> str:
    """Make the application's database on a server of ours; return its owner's address."""
    connection = await _connect(superuser_url)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    return urlsplit(superuser_url)._replace(path=f"/{DATABASE}").geturl()


async def _may_make_roles(url: str) -> bool:
    connection = await _connect(url)
    try:
        query = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        return bool(await connection.fetchval(query))
    finally:
        await connection.close()


async def _demand_own_roles(owner_url: str, *addresses: str) -> None:
    """Roles belong to a server, and their passwords to the checkout that made them: another one must not change them.

    A role that is not there yet, or that cannot log in yet, is nobody's.
    """
    owner = await _connect(owner_url)
    try:
        taken = {
            row["rolname"] for row in await owner.fetch("SELECT rolname FROM pg_roles WHERE rolcanlogin")
        }
    finally:
        await owner.close()
    for address in addresses:
        role = urlsplit(address).username
        if role in taken and not await _takes(address):
            raise LauncherError(_ANOTHERS.format(role=role))


async def _takes(address: str) -> bool:
    """False where the server refuses the password."""
    try:
        connection = await asyncpg.connect(address, timeout=15)
    except asyncpg.InvalidPasswordError:
        return False
    except asyncpg.PostgresError:
        return True  # it let us in, and then had another objection (such as a database that is not made yet)
    await connection.close()
    return True


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    where = urlsplit(url).netloc.rpartition("@")[2]
    try:
        return await asyncpg.connect(url, timeout=15)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise LauncherError(
            f"The database at {where} does not take us in: {str(error) or type(error).__name__}"
        ) from None


def _plain(url: str) -> str:
    """Drop a driver's name (`postgresql+asyncpg://`), as asyncpg itself wants it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def _as_role(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{address}").geturl()
