import json
from pathlib import Path

from launcher.home import SETTINGS_FILE, adopted


def test_a_bare_command_works_on_the_checkouts_own_installation(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text(
        json.dumps({"DATABASE_URL": "postgresql://kept", "LOG_LEVEL": "INFO"})
    )
    found = adopted({"LOG_LEVEL": "DEBUG", "PATH": "/bin"}, tmp_path)
    assert found == {"DATABASE_URL": "postgresql://kept", "LOG_LEVEL": "DEBUG", "PATH": "/bin"}


def test_a_database_that_somebody_names_is_never_mixed_with_the_installations(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text(
        json.dumps({"DATABASE_URL": "postgresql://kept", "SECRET_KEY": "kept"})
    )
    named = {"DATABASE_URL": "postgresql://named"}
    assert adopted(named, tmp_path) == named
