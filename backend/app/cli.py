"""The `stratum` command."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from app.core.config import settings
from app.db import migrations, roles

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


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
