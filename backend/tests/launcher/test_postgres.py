import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from launcher.errors import AlreadyRunning, DidNotStart, LauncherError
from launcher.postgres import PostgresServer, attach_postgres, start_postgres
from launcher.system import alive, free_port


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # pytest's own temporary folders cannot be passed through by the account that root lends.
    with tempfile.TemporaryDirectory(prefix="stratum-launcher-") as place:
        Path(place).chmod(0o755)
        yield Path(place) / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[PostgresServer]:
    running = start_postgres(folder, free_port(), durable=False)
    yield running
    running.stop()


async def _value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_answers_as_16_in_utf8_with_the_locale_that_compose_has(server: PostgresServer) -> None:
    assert str(await _value(server.url_superuser, "show server_version")).startswith("16.")
    assert await _value(server.url_superuser, "show server_encoding") == "UTF8"
    assert (
        await _value(server.url_superuser, "select datcollate from pg_database where datname = 'postgres'")
        == "C.UTF-8"
    )


async def test_it_refuses_a_wrong_password(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _value(server.url("postgres", "wrong", "postgres"), "select 1")


async def test_it_listens_on_the_loopback_alone_and_on_no_socket(server: PostgresServer) -> None:
    assert await _value(server.url_superuser, "show listen_addresses") == "127.0.0.1"
    assert await _value(server.url_superuser, "show unix_socket_directories") == ""


def test_it_does_not_run_as_root(server: PostgresServer) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


def test_its_password_is_for_its_owner_alone(server: PostgresServer, folder: Path) -> None:
    secret = folder.with_name("postgres.password")
    assert secret.read_text() == server.password
    assert secret.stat().st_mode & 0o777 == 0o600


async def test_a_second_start_finds_the_data_again_and_quickly(folder: Path) -> None:
    first = start_postgres(folder, free_port(), durable=False)
    await _value(first.url_superuser, "create table if not exists kept as select 7 as seven")
    first.stop()
    began = time.monotonic()
    second = start_postgres(folder, free_port(), durable=False)
    try:
        assert time.monotonic() - began < 5
        assert await _value(second.url_superuser, "select seven from kept") == 7
    finally:
        second.stop()


def test_a_start_takes_the_last_ones_port_unless_somebody_has_it(folder: Path) -> None:
    port = free_port()
    start_postgres(folder, port, durable=False).stop()
    again = start_postgres(folder, durable=False)
    again.stop()
    assert again.port == port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        elsewhere = start_postgres(folder, durable=False)
        elsewhere.stop()
    assert elsewhere.port != port


def test_two_launchers_do_not_share_a_folder(server: PostgresServer, folder: Path) -> None:
    with pytest.raises(AlreadyRunning, match="stop it first"):
        start_postgres(folder, durable=False)
    assert server.running


async def test_a_server_left_by_a_killed_launcher_is_replaced(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from launcher.postgres import start_postgres\n"
        "print(start_postgres(Path(sys.argv[1]), durable=False).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as killed:
        assert killed.stdout is not None
        stray = int(killed.stdout.readline())
        killed.kill()
    assert alive(stray)
    server = start_postgres(folder, free_port(), durable=False)
    try:
        assert not alive(stray)
        assert await _value(server.url_superuser, "select 1") == 1
    finally:
        server.stop()


async def test_a_pid_file_whose_pid_is_another_program_does_not_stop_the_start(folder: Path) -> None:
    start_postgres(folder, free_port(), durable=False).stop()
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n0\n5432\n\n127.0.0.1\n\nready\n")
    server = start_postgres(folder, free_port(), durable=False)
    try:
        assert await _value(server.url_superuser, "select 1") == 1
    finally:
        server.stop()


def test_a_killed_server_starts_again(folder: Path) -> None:
    server = start_postgres(folder, free_port())
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    again = start_postgres(folder, free_port())
    assert again.running
    again.stop()
    assert not again.running


def test_it_can_be_found_by_its_folder_while_it_runs(server: PostgresServer, folder: Path) -> None:
    found = attach_postgres(folder)
    assert found is not None
    assert found.url_superuser == server.url_superuser


def test_a_taken_port_is_said(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(DidNotStart, match="port taken"):
            start_postgres(folder, other.getsockname()[1], durable=False)


def test_another_versions_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "old"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(LauncherError, match="PostgreSQL 12"):
        start_postgres(data)


def test_a_folder_that_nobody_may_enter_still_works_for_root(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("an ordinary user is its own account")
    tmp_path.chmod(0o700)
    server = start_postgres(tmp_path / "postgres", free_port(), durable=False)
    try:
        assert server.running
    finally:
        server.stop()
