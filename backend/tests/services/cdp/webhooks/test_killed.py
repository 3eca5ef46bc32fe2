"""Real workers, killed while a receiver has a message and nobody has written that down."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.cdp.events.service import Ingestion
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.factories.webhooks import Hook, make_webhook
from tests.receiver import Receiver, receiving
from tests.workers.processes import Process, eventually, running, worker

_BEAT = ("celery", "-A", "app.workers.celery_app", "beat", "--loglevel", "WARNING")
_KILLS = 3


async def killed_at_the_next_message(receiver: Receiver, hook: Hook, beat: Process) -> None:
    """The receiver has read a message and not answered it yet when the worker dies."""
    before = len(receiver.posts)
    receiver.gate = asyncio.Event()
    with worker() as working:

        async def has_it() -> bool:
            return len(receiver.posts) > before

        await eventually(has_it, watched=(working, beat))
        working.kill()
    receiver.gate.set()
    # Its lease would last half a minute.
    await hook.set(lease_until=None)


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_a_worker_killed_between_sending_and_writing_down_loses_nothing(
    acme: Company, engine: AsyncEngine, ingestion: Ingestion, nothing_waits: None
) -> None:
    lab = Lab(acme, engine, ingestion)
    async with receiving() as receiver:
        hook = await make_webhook(acme, receiver.url)
        people = 1_800
        await lab.send(*(track(userId=f"u-{number}") for number in range(people)))
        with running(*_BEAT) as beat:
            for _ in range(_KILLS):
                await killed_at_the_next_message(receiver, hook, beat)
            with worker() as working:

                async def is_told() -> bool:
                    return bool((await hook.read())["waiting"] == 0)

                await eventually(is_told, within=120, watched=(working, beat))
    by_message: dict[str, set[tuple[str, ...]]] = {}
    for post in receiver.posts:
        ids = tuple(item["id"] for item in post.items)
        by_message.setdefault(post.headers["webhook-id"], set()).add(ids)
        assert post.is_signed_by(hook.secret)
    assert [len(each) for each in by_message.values()] == [1] * 4, "a resend says the same under the same id"
    assert len(receiver.posts) == 4 + _KILLS
    in_order = list(dict.fromkeys(item["id"] for item in receiver.items))
    assert len(in_order) == people
    seqs = [int(each[1:].partition(".")[0]) for each in in_order]
    assert seqs == sorted(seqs)
    # What was written down is what was answered to somebody alive.
    assert sum(row.items for row in await hook.log() if row.acknowledged) == people
