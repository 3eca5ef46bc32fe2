"""What a fact about an installation means, and how to mend it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 160_000
OLDEST_REDIS = (7, 0)
LONG_QUEUE = 1_000
SKEW_NOTICED = timedelta(seconds=2)
SKEW_TOO_LARGE = timedelta(seconds=30)
GIB = 1 << 30


class State(StrEnum):
    GOOD = "good"
    NOTICE = "notice"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One part's state. `mend` is empty where it is good."""

    part: str
    state: State
    says: str
    mend: str = ""


@dataclass(frozen=True)
class RoleFacts:
    """The powers of the role that the application connects as."""

    name: str
    is_superuser: bool
    bypasses_rls: bool
    creates_roles: bool
    owned_tables: int


@dataclass(frozen=True)
class DatabaseFacts:
    version: str
    version_number: int
    encoding: str
    now: datetime
    role: RoleFacts
    open_tables: tuple[str, ...]
    """Tables with a `tenant_id` and without forced row-level security."""


class Why(StrEnum):
    """Why a database did not take somebody in."""

    SILENT = "silent"
    WHO = "who"
    NO_SUCH_DATABASE = "no_such_database"
    FULL = "full"


@dataclass(frozen=True)
class Silence:
    why: Why
    says: str


@dataclass(frozen=True)
class Roster:
    """Who works at the moment. `waiting` counts the messages in each queue that no worker has taken."""

    workers: Sequence[str]
    has_beat: bool
    waiting: Mapping[str, int]


@dataclass(frozen=True)
class RedisFacts:
    version: str
    eviction_policy: str | None
    append_only: str | None
    """None where the server does not let its settings be read, as managed ones do."""


def judge_python(version: tuple[int, int, int]) -> Finding:
    said = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        return Finding("python", State.WRONG, f"{said} is too old", "Install Python 3.11 or newer.")
    return Finding("python", State.GOOD, said)


def judge_settings(environment: str, *, default_secrets: Sequence[str]) -> list[Finding]:
    """Production refuses default secrets at its start; elsewhere they deserve a notice."""
    findings = [Finding("settings", State.GOOD, f"read, for {environment}")]
    if default_secrets:
        names = ", ".join(name.upper() for name in default_secrets)
        mend = "Set each to 32 random characters or more (`make run` makes its own)."
        findings.append(Finding("secrets", State.NOTICE, f"development values in {names}", mend))
    return findings


def judge_silence(place: str, silence: Silence) -> Finding:
    """A database that did not take us in, by why."""
    match silence.why:
        case Why.WHO:
            mend = (
                "Name the role's password in DATABASE_URL; or give the roles those that the addresses have: "
                "`stratum migrate` with DATABASE_OWNER_URL."
            )
        case Why.NO_SUCH_DATABASE:
            mend = "Name another in DATABASE_URL, or create it as its owner; then `stratum migrate`."
        case Why.FULL:
            mend = "Find who holds the connections (pg_stat_activity), or raise max_connections."
        case Why.SILENT:
            mend = (
                "See that PostgreSQL runs and that DATABASE_URL is right; `make run` starts one of its own."
            )
    return Finding("database", State.WRONG, f"{place}: {silence.says}", mend)


def judge_helper(part: str, setting: str, role: str, place: str | None, silence: Silence | None) -> Finding:
    """One of the addresses beside the application's: what works with it, the setting and the role that it names."""
    if place is None:
        mend = f"Set {setting} (role {role})."
        return Finding(part, State.WRONG, "has no address of its own: its work is not done", mend)
    if silence is not None:
        mend = f"See {setting}; `stratum migrate` with DATABASE_OWNER_URL gives {role} the password in it."
        return Finding(part, State.WRONG, f"{place}: {silence.says}", mend)
    return Finding(part, State.GOOD, f"{role} is taken in")


def judge_database(facts: DatabaseFacts, here: datetime) -> list[Finding]:
    return [_version(facts), _encoding(facts), _role(facts.role), _walls(facts), judge_clock(facts.now, here)]


def _version(facts: DatabaseFacts) -> Finding:
    if facts.version_number < OLDEST_POSTGRES:
        return Finding(
            "database", State.WRONG, f"PostgreSQL {facts.version} is too old", "Use PostgreSQL 16 or newer."
        )
    return Finding("database", State.GOOD, f"PostgreSQL {facts.version} answers")


def _encoding(facts: DatabaseFacts) -> Finding:
    if facts.encoding != "UTF8":
        mend = "Make the database anew with ENCODING 'UTF8' and restore a backup into it."
        return Finding("encoding", State.WRONG, f"{facts.encoding}, not UTF8", mend)
    return Finding("encoding", State.GOOD, "UTF8")


def _role(role: RoleFacts) -> Finding:
    powers = [
        said
        for has, said in (
            (role.is_superuser, "is a superuser"),
            (role.bypasses_rls, "bypasses row-level security"),
            (role.creates_roles, "may create roles"),
            (role.owned_tables > 0, f"owns {role.owned_tables} tables"),
        )
        if has
    ]
    if powers:
        mend = "Let DATABASE_URL name stratum_app, which `stratum migrate` makes; keep the owner in DATABASE_OWNER_URL."
        return Finding(
            "role", State.WRONG, f"{role.name} {' and '.join(powers)}: tenants are not walled", mend
        )
    return Finding("role", State.GOOD, f"{role.name} owns nothing and cannot pass row-level security")


def _walls(facts: DatabaseFacts) -> Finding:
    if facts.open_tables:
        mend = "Run `stratum migrate`; a table of your own belongs in another schema."
        return Finding(
            "walls", State.WRONG, f"no forced row-level security on {', '.join(facts.open_tables)}", mend
        )
    return Finding("walls", State.GOOD, "every tenant's table forces row-level security")


def judge_clock(there: datetime, here: datetime) -> Finding:
    skew = abs(there - here)
    said = f"this machine and the database differ by {skew.total_seconds():.1f} s"
    mend = "Let NTP set both clocks: tokens and permits live for minutes."
    if skew > SKEW_TOO_LARGE:
        return Finding("clock", State.WRONG, said, mend)
    if skew > SKEW_NOTICED:
        return Finding("clock", State.NOTICE, said, mend)
    return Finding("clock", State.GOOD, said)


def judge_migrations(*, behind: bool) -> Finding:
    if behind:
        return Finding(
            "migrations", State.WRONG, "the schema is not the one this code expects", "Run `stratum migrate`."
        )
    return Finding("migrations", State.GOOD, "current")


def judge_redis(facts: RedisFacts) -> list[Finding]:
    version = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    if version < OLDEST_REDIS:
        return [Finding("redis", State.WRONG, f"{facts.version} is too old", "Use Redis 7 or newer.")]
    findings = [Finding("redis", State.GOOD, f"{facts.version} answers")]
    if facts.eviction_policy is None:
        mend = "See at your provider that the policy is noeviction and that data is kept on disk."
        findings.append(Finding("redis memory", State.NOTICE, "its settings may not be read", mend))
        return findings
    if facts.eviction_policy != "noeviction":
        said = f"maxmemory-policy is {facts.eviction_policy}: queued work can vanish"
        mend = "CONFIG SET maxmemory-policy noeviction, and the same in its file."
        findings.append(Finding("redis memory", State.WRONG, said, mend))
    else:
        findings.append(Finding("redis memory", State.GOOD, "noeviction"))
    if facts.append_only != "yes":
        said, mend = (
            "appendonly is off: a restart loses queued work",
            "CONFIG SET appendonly yes, and the same in its file.",
        )
        findings.append(Finding("redis disk", State.WRONG, said, mend))
    else:
        findings.append(Finding("redis disk", State.GOOD, "appendonly"))
    return findings


def judge_disk(folder: str, free: int) -> Finding:
    said, mend = f"{free / GIB:.1f} GiB free at {folder}", "Make room: a full disk stops PostgreSQL."
    if free < GIB:
        return Finding("disk", State.WRONG, said, mend)
    if free < 5 * GIB:
        return Finding("disk", State.NOTICE, said, mend)
    return Finding("disk", State.GOOD, said)


def judge_api(url: str, answer: Mapping[str, object] | None, *, port_taken: bool) -> Finding:
    """`answer` is what /health/ready said, if anything did."""
    if answer is not None and answer.get("ready") is True:
        return Finding("api", State.GOOD, f"ready at {url}")
    if answer is not None and "ready" in answer:
        parts = ", ".join(f"{name} {said}" for name, said in answer.items() if name != "ready")
        return Finding(
            "api", State.WRONG, f"not ready at {url}: {parts}", "Mend the parts that this list names."
        )
    if port_taken:
        mend = "Stop that program, or choose a port: STRATUM_PORT=8001 make run."
        return Finding("api", State.WRONG, f"another program answers at {url}", mend)
    return Finding(
        "api", State.NOTICE, f"nothing answers at {url}", "Start it: make run, or your own service."
    )


def judge_workers(roster: Roster) -> Finding:
    waiting = sum(roster.waiting.values())
    longest = ", ".join(f"{name} {count}" for name, count in roster.waiting.items() if count)
    if not roster.workers:
        said = "no worker answers: nothing is synced, scored or changed"
        mend = (
            "Start one (`python -m app.workers.worker`; `make run` has one) and read why the last one ended."
        )
        return Finding("worker", State.WRONG, f"{said}; {waiting} tasks wait" if waiting else said, mend)
    said = f"{len(roster.workers)} answer" if len(roster.workers) > 1 else "one answers"
    if waiting > LONG_QUEUE:
        mend = "Start more workers, or see which tasks take long: stratum_task_seconds."
        return Finding("worker", State.NOTICE, f"{said}; {waiting} tasks wait ({longest})", mend)
    return Finding("worker", State.GOOD, said)


def judge_beat(roster: Roster) -> Finding:
    if not roster.has_beat:
        said = "no Beat holds the lock: nothing is evaluated, synced or watched by the clock"
        mend = "Start it (`celery --app app.workers.celery_app beat`; `make run` has one); after a kill it waits 20 s."
        return Finding("beat", State.WRONG, said, mend)
    return Finding("beat", State.GOOD, "holds its lock")


def judge_relay(*, is_connected: bool) -> Finding:
    if not is_connected:
        said = "no relay is connected to the database: tasks and live messages wait in the outbox"
        mend = "Start it (`python -m app.workers.relay`; `make run` has one). Nothing is lost meanwhile."
        return Finding("relay", State.WRONG, said, mend)
    return Finding("relay", State.GOOD, "is connected")


def judge_dashboard(folder: str | None, *, is_built: bool) -> Finding:
    if folder is None:
        mend = "`make run` builds it; elsewhere `npm --prefix frontend run build` and FRONTEND_DIR=frontend/dist."
        return Finding("dashboard", State.NOTICE, "FRONTEND_DIR is not set: the API serves none", mend)
    if not is_built:
        mend = "Stop, and `make run`, which builds it; elsewhere `npm --prefix frontend run build`."
        return Finding("dashboard", State.WRONG, f"{folder} holds no index.html: people see nothing", mend)
    return Finding("dashboard", State.GOOD, f"built in {folder}")


def judge_mail(host: str, port: int, *, answers: bool) -> Finding:
    if answers:
        return Finding("mail", State.GOOD, f"{host}:{port} answers")
    mend = "Set SMTP_HOST and SMTP_PORT: without mail nobody can be invited or reset a password."
    return Finding("mail", State.WRONG, f"{host}:{port} does not answer", mend)
