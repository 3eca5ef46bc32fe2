"""Whose account PostgreSQL runs under: it refuses root, so root lends it another."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from launcher.errors import LauncherError

_UNMAPPED = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
_SHARED_PLACE = Path("/var/lib/stratum")


class RunAs(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """How to run a program so that it is not root, and who must own the files it writes."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    lent: bool = False

    @property
    def run_as(self) -> RunAs:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else {}

    def own(self, path: Path) -> None:
        if self.lent:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Berth:
    """The account, with binaries and a data folder that it can reach."""

    account: Account
    install: Path
    data: Path


def choose_berth(install: Path, data: Path) -> Berth:
    """Find an account that may run `install` and own `data`.

    An ordinary user is its own. Root lends `nobody`; where that account cannot reach the folders (a
    checkout under a 0700 home), a user namespace in which root is called nobody; where namespaces are
    forbidden, the binaries and the data move to /var/lib/stratum, and `data` becomes a link to there.
    """
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise LauncherError(
                f"{data} belongs to user {data.stat().st_uid}, because it was made by another account. "
                "Run as that account, or set STRATUM_HOME to a folder of your own."
            )
        return Berth(Account(os.geteuid(), os.getegid()), install, data)
    if data.is_symlink():
        data = data.resolve()
    owner = data.stat().st_uid if data.exists() else None
    nobody = _owner(owner) if owner else _nobody()
    if owner != 0 and _reaches(nobody, install, data.parent):
        return Berth(nobody, install, data)
    apart = Account(0, 0, prefix=_UNMAPPED)
    if owner in (None, 0) and shutil.which("unshare") and _reaches(apart, install, data.parent):
        return Berth(apart, install, data)
    if owner == 0:
        raise LauncherError(
            f"{data} belongs to root and user namespaces are forbidden here; remove it or run elsewhere."
        )
    return _move(nobody, install, data)


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534, lent=True)
    return Account(entry.pw_uid, entry.pw_gid, lent=True)


def _owner(uid: int) -> Account:
    try:
        return Account(uid, pwd.getpwuid(uid).pw_gid, lent=True)
    except KeyError:
        return Account(uid, uid, lent=True)


def _reaches(account: Account, install: Path, parent: Path) -> bool:
    probe = '"$1/bin/postgres" --version && cat "$1/share/postgresql/postgresql.conf.sample" && cd "$2"'
    command = [*account.prefix, "/bin/sh", "-c", probe, "probe", str(install), str(parent)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **account.run_as)
    except OSError:
        return False
    return done.returncode == 0


def _move(account: Account, install: Path, data: Path) -> Berth:
    wanted = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    place = _SHARED_PLACE / wanted
    place.mkdir(parents=True, exist_ok=True)
    for folder in (_SHARED_PLACE, place):
        folder.chmod(0o755)
    package = install.parent
    copied = _SHARED_PLACE / f"{package.name}-{hashlib.sha256(str(package).encode()).hexdigest()[:12]}"
    if not copied.exists():
        fresh = copied.with_name(f"{copied.name}.{os.getpid()}")
        # Beside the package lie the libraries that its binaries look for, relative to themselves.
        shutil.copytree(install, fresh / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.rename(copied)
    reached, home = copied / package.name / install.name, place / data.name
    if not _reaches(account, reached, place):
        raise LauncherError(
            f"No account but root can run PostgreSQL here ({install}). "
            "Run as an ordinary user, or set DATABASE_URL."
        )
    if not data.exists():
        data.unlink(missing_ok=True)
        data.symlink_to(home)
    return Berth(account, reached, home)
