"""Lists by upload: nobody waits for a file that is being taken in, but for the next file of the same list."""

import asyncio
import io
import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.models.cdp.segments import CdpSegment, CdpSegmentListEntry
from app.services.cdp.events.service import Ingestion
from app.services.cdp.segments.lists import ListUploads
from app.services.cdp.segments.service import Recomputation, SegmentService
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab

_SOON = 20


class SlowFile(io.BytesIO):
    """A file that stops coming after some thousands of its lines, until a test says that it goes on."""

    def __init__(self, *names: str) -> None:
        super().__init__("\n".join(["user_id", *names]).encode())
        self.stopped, self.go_on = threading.Event(), threading.Event()
        self._lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self._lines += 1
        if self._lines == 5_000:
            self.stopped.set()
            assert self.go_on.wait(60)
        return super().readline(size)


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


async def test_who_is_on_a_list_comes_in_while_its_next_file_is_read(lab: Lab) -> None:
    uploads = ListUploads(lab.scopes)
    segment, _ = await uploads.create("Friends", "", io.BytesIO(b"user_id\nu-mo"), skip_bad_rows=False)
    await Recomputation(lab.scopes).run(segment.id)
    file = SlowFile(*(f"other-{n}" for n in range(6_000)))
    upload = asyncio.create_task(uploads.replace(segment.id, file, add=False, skip_bad_rows=False))
    try:
        assert await asyncio.to_thread(file.stopped.wait, _SOON)
        after = asyncio.create_task(
            uploads.replace(segment.id, io.BytesIO(b"user_id\nu-last"), add=False, skip_bad_rows=False)
        )
        await lab.send(track(userId="u-mo"))
        await asyncio.wait_for(lab.follow(), _SOON)
        async with lab.scopes() as scope:
            await asyncio.wait_for(
                SegmentService(scope).change(
                    segment.id, name="Old friends", description=None, rule=None, live=None
                ),
                _SOON,
            )
        assert len(await lab.members(segment.id)) == 1, "the old list holds until the new one is whole"
        assert not after.done()
    finally:
        file.go_on.set()
        await upload
    await after
    async with lab.scopes() as scope:
        entries = select(func.count()).select_from(CdpSegmentListEntry).filter_by(segment_id=segment.id)
        assert await scope.session.scalar(entries) == 1, "the second file alone, never a mixture"
        found = await scope.session.scalar(select(CdpSegment).filter_by(id=segment.id))
        assert found is not None
        assert (found.name, found.version) == ("Old friends", segment.version + 2)
    await Recomputation(lab.scopes).run(segment.id)
    assert await lab.members(segment.id) == set()
