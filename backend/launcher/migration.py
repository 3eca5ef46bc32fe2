"""`make migration name="…"`: what the models have and the migrations lack, written against a throwaway database."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from launcher.database import addresses_on, ensure_database
from launcher.errors import LauncherError
from launcher.home import BACKEND, Secrets
from launcher.postgres import start_postgres
from launcher.system import free_port


def write_migration(name: str) -> int:
    """Migrate an empty database to what is committed, then have Alembic write down the difference."""
    with tempfile.TemporaryDirectory(prefix="stratum-migration-") as folder:
        Path(folder).chmod(0o711)
        server = start_postgres(Path(folder) / "postgres", free_port(), durable=False)
        try:
            addresses = addresses_on(asyncio.run(ensure_database(server.url_superuser)), Secrets())
            environment = {
                **os.environ,
                **addresses.environment,
                "DATABASE_OWNER_URL": addresses.owner or "",
                "APP_ENV": "test",
            }
            for words in (["app.cli", "migrate"], ["alembic", "revision", "--autogenerate", "-m", name]):
                done = subprocess.run(
                    [sys.executable, "-m", *words], cwd=BACKEND, env=environment, check=False
                )
                if done.returncode != 0:
                    return done.returncode
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(write_migration(" ".join(sys.argv[1:])))
    except LauncherError as error:
        sys.exit(str(error))
