"""Passwords: argon2id in threads of its own, so that signing in never holds up another request (0.1 s of CPU each)."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.errors import Unavailable
from app.core.metrics import PASSWORD_CHECKS

_MEMORY_KIB = 65_536
_PASSES = 3
_THREADS = max(1, (os.cpu_count() or 1) - 1)
_LONGEST_QUEUE = 64
_NICENESS = 10


class TooManySignIns(Unavailable):
    """Too many people are signing in at once: try again shortly."""

    code = "auth.busy"


def _yield_to_the_loop() -> None:
    # On Linux niceness belongs to a thread: the event loop gets the CPU before a hash does.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_hasher = PasswordHash((Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1),))
_threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2", initializer=_yield_to_the_loop)
_places = threading.BoundedSemaphore(_LONGEST_QUEUE)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(os.urandom(16).hex())


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        right = _hasher.verify(password, password_hash or _nobodys_hash())
    except UnknownHashError:
        return False
    return right and password_hash is not None


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; for nobody's hash (None) as much work, and False."""
    with _Place():
        PASSWORD_CHECKS.inc()
        return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password, password_hash)


async def hash_password(password: str) -> str:
    with _Place():
        PASSWORD_CHECKS.inc()
        return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


class _Place:
    """A place in the bounded queue before the threads."""

    def __enter__(self) -> None:
        if not _places.acquire(blocking=False):
            raise TooManySignIns

    def __exit__(self, *_exc: object) -> None:
        _places.release()
