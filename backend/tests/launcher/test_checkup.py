"""What `stratum doctor` finds in the folder of `stratum up`."""

import subprocess
import sys
from pathlib import Path

import pytest

from launcher.checkup import Trouble, is_its_own, look
from launcher.home import SETTINGS_FILE
from launcher.redis import start_redis
from launcher.system import FolderLock, free_port, write_private


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_private(tmp_path / SETTINGS_FILE, '{"DATABASE_URL": "postgresql://kept"}')
    write_private(tmp_path / "demo.json", "{}")
    write_private(tmp_path / "secrets.json", "{}")
    return tmp_path


def _parts(home: Path) -> dict[str, Trouble]:
    return {trouble.part: trouble for trouble in look(home)}


def test_a_folder_at_work_has_no_trouble(home: Path) -> None:
    with FolderLock(home / "up.lock", busy="taken"):
        assert look(home) == []


def test_only_the_folders_own_database_is_its_own(home: Path) -> None:
    assert is_its_own(home, "postgresql://kept")
    assert not is_its_own(home, "postgresql://another")
    assert not is_its_own(home / "nowhere", "postgresql://kept")


def test_a_stratum_that_does_not_run_is_said_first(home: Path) -> None:
    found = look(home)
    assert [trouble.part for trouble in found] == ["start"]
    assert "make run" in found[0].mend


def test_missing_keys_for_programs_are_said(home: Path) -> None:
    (home / "demo.json").unlink()
    with FolderLock(home / "up.lock", busy="taken"):
        assert "missing" in _parts(home)["demo.json"].says


def test_lost_secrets_are_said_before_a_start_makes_others(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "secrets.json").unlink()
    assert "Put back a copy" in _parts(home)["secrets"].mend


def test_secrets_that_others_may_read_are_said(home: Path) -> None:
    (home / "demo.json").chmod(0o644)
    assert "chmod 600" in _parts(home)["secrets"].mend


def test_a_pid_file_of_a_killed_server_is_told_from_a_server_left_behind(home: Path) -> None:
    server = start_redis(home / "redis", free_port())
    assert str(server.pid) in _parts(home)["redis"].says
    note = (home / "redis.pid").read_text()
    server.stop()
    assert "redis" not in _parts(home)
    (home / "redis.pid").write_text(note)
    assert "stale" in _parts(home)["redis"].says


def test_a_folder_of_another_account_is_said(home: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from launcher.checkup import look; "
        "home = Path(sys.argv[1]); os.geteuid() or os.setuid(65534); print(*look(home))"
    )
    home.chmod(0o500)
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    home.chmod(0o700)
    assert "not this account's" in done.stdout
