import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from launcher.errors import AlreadyRunning
from launcher.redis import RedisServer, attach_redis, start_redis
from launcher.system import free_port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    running = start_redis(tmp_path / "redis", free_port())
    yield running
    running.stop()


def test_it_never_evicts_and_keeps_a_file(server: RedisServer) -> None:
    with Redis.from_url(server.url) as client:
        policy = client.config_get("maxmemory-policy")
        kept = client.config_get("appendonly")
    assert policy == {"maxmemory-policy": "noeviction"}
    assert kept == {"appendonly": "yes"}


def test_it_wants_its_password(server: RedisServer) -> None:
    with Redis(port=server.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_its_password_is_not_on_its_command_line(server: RedisServer) -> None:
    assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()


def test_what_was_written_outlives_a_kill(tmp_path: Path) -> None:
    first = start_redis(tmp_path / "redis", free_port())
    with Redis.from_url(first.url) as client:
        client.set("kept", "7")
    os.kill(first.pid, signal.SIGKILL)
    first.stop()
    second = start_redis(tmp_path / "redis", free_port())
    try:
        with Redis.from_url(second.url) as client:
            assert client.get("kept") == b"7"
    finally:
        second.stop()


def test_a_start_takes_the_last_ones_port(tmp_path: Path) -> None:
    port = free_port()
    start_redis(tmp_path / "redis", port).stop()
    again = start_redis(tmp_path / "redis")
    again.stop()
    assert again.port == port


def test_two_launchers_do_not_share_a_folder(server: RedisServer) -> None:
    with pytest.raises(AlreadyRunning):
        start_redis(server.data)


def test_it_can_be_found_by_its_folder_while_it_runs(server: RedisServer) -> None:
    found = attach_redis(server.data)
    assert found is not None
    assert found.url == server.url
    server.stop()
    assert attach_redis(server.data) is None
