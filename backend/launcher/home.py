"""What one installation keeps between starts: its folder, its secrets, and how to reach it."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from launcher.errors import LauncherError
from launcher.system import write_private

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"

SETTINGS_FILE = "environment.json"
PLATFORMS_FILE = "platforms.json"
"""The settings that the last start wrote down, in the installation's folder."""


def home_path(environment: Mapping[str, str]) -> Path:
    """`STRATUM_HOME`, else `.stratum` in the checkout."""
    return Path(environment.get("STRATUM_HOME") or ROOT / ".stratum").expanduser().absolute()


def home_folder(environment: Mapping[str, str]) -> Path:
    """The home, made where it is missing."""
    home = home_path(environment)
    try:
        # Others may pass through (the account that PostgreSQL is lent does), and not look.
        home.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        raise LauncherError(
            f"{home} cannot be made ({error.strerror}): set STRATUM_HOME to another."
        ) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise LauncherError(f"{home} is not yours to write to: set STRATUM_HOME to a folder of your own.")
    return home


def read_dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines, as `.env.example` has them; quotes around a value are dropped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _token() -> str:
    return secrets.token_urlsafe(36)


@dataclass(frozen=True)
class Secrets:
    """Made at the first start and kept, readable by their owner alone."""

    secret_key: str = field(default_factory=_token)
    jwt_secret_key: str = field(default_factory=_token)
    ledger_signing_key: str = field(default_factory=lambda: secrets.token_hex(32))
    app_password: str = field(default_factory=_token)
    relay_password: str = field(default_factory=_token)
    maintenance_password: str = field(default_factory=_token)
    demo_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))


def load_secrets(home: Path) -> Secrets:
    """Read `secrets.json`; what it lacks is made and written."""
    path = home / "secrets.json"
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kept = {}
    except ValueError as error:
        raise LauncherError(
            f"{path} is damaged ({error}). Without it, stored secrets cannot be opened."
        ) from None
    names = Secrets.__dataclass_fields__
    found = Secrets(**{name: str(value) for name, value in kept.items() if name in names})
    if asdict(found) != kept:
        write_private(path, json.dumps(asdict(found), indent=2) + "\n")
    return found


def adopted(environment: dict[str, str], home: Path) -> dict[str, str]:
    """The environment, with the installation's settings under it where it names no database of its own."""
    if "DATABASE_URL" in environment:
        return environment
    try:
        kept = json.loads((home / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return environment
    return {**{str(name): str(value) for name, value in kept.items()}, **environment}
