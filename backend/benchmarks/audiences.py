"""What it costs to keep an audience equal to a segment, against the sandbox over HTTP.

    python -m benchmarks.audiences [PEOPLE]

100,000 people with an address each, sealed as the application seals them, and their consents are put into the database;
all are sent, then nothing is changed, then one in a hundred. Memory is the process's own, sampled while it works.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.platforms import Memory, connected, running_sandbox
from benchmarks.stack import Stack, running_stack

PEOPLE = 100_000
CHANGED = 100
"""One in so many."""
_CHUNK = 20_000

_PROFILES = """
INSERT INTO cdp_profiles (tenant_id, id, created_at, lifecycle, first_seen_at, last_seen_at, event_count, order_count,
  refund_count, traits, identifier_count, has_email)
SELECT $1, key, now(), 'known', now(), now(), 1, 0, 0, '{"country": "US"}', 1, true FROM unnest($2::uuid[]) AS n (key)
"""
_IDENTIFIERS = """
INSERT INTO cdp_identifiers (tenant_id, key, type, profile_id, first_seen_at, first_message_id, last_seen_on,
  event_count, sealed)
SELECT $1, key, 'email', key, now(), 'm', current_date, 1, sealed
FROM unnest($2::uuid[], $3::bytea[]) AS n (key, sealed)
"""
_CONSENTS = """
INSERT INTO cdp_consents (tenant_id, person_key, purpose, granted_at, granted_source)
SELECT $1, key, 'ads', now(), 'sdk' FROM unnest($2::uuid[]) AS n (key)
"""
_MEMBERS = """
INSERT INTO cdp_segment_members (tenant_id, segment_id, profile_id, entered_at)
SELECT $1, $2, key, now() FROM unnest($3::uuid[]) AS n (key)
"""


@dataclass(frozen=True)
class Figures:
    what: str
    seconds: float
    added: int
    removed: int
    requests: int
    peak: float
    """MiB over what the process had before."""


async def _people(owner: Any, tenant_id: int, segment: UUID, count: int) -> None:
    from app.core.security import seal  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.services.cdp.profiles.service import IDENTIFIER_PURPOSE, IdentifierType, keys_of  # noqa: PLC0415

    for start in range(0, count, _CHUNK):
        addresses = [f"person{n}@shop.example" for n in range(start, min(start + _CHUNK, count))]
        keys = [keys_of(each, tenant_id)[IdentifierType.EMAIL] for each in addresses]
        sealed = [seal(each, purpose=IDENTIFIER_PURPOSE, tenant_id=tenant_id) for each in addresses]
        await owner.execute(_PROFILES, tenant_id, keys)
        await owner.execute(_IDENTIFIERS, tenant_id, keys, sealed)
        await owner.execute(_CONSENTS, tenant_id, keys)
        await owner.execute(_MEMBERS, tenant_id, segment, keys)
    await owner.execute("VACUUM ANALYZE")


async def _timed(what: str, scopes: Any, audience: UUID) -> Figures:
    from app.services.cdp.audience_sync.service import AudienceRunner, AudienceSyncService  # noqa: PLC0415

    memory = Memory()
    memory.start()
    started = time.perf_counter()
    assert await AudienceRunner(scopes).run(audience)
    seconds = time.perf_counter() - started
    peak = memory.end()
    async with scopes() as scope:
        service = AudienceSyncService(scope)
        [run], _ = await service.runs(audience, cursor=None, limit=1)
        requests = len(await service.batches(audience, run.id))
    return Figures(what, seconds, run.added, run.removed, requests, peak)


async def _measure(stack: Stack, sandbox: str, count: int) -> list[Figures]:
    import app.base_models  # noqa: F401, PLC0415  (so that every foreign key finds its table)
    from app.core.config import get_settings  # noqa: PLC0415
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415
    from app.schemas.cdp.segments_tree import read_rule  # noqa: PLC0415
    from app.services.cdp.audience_sync.service import AudienceSyncService, Wish  # noqa: PLC0415
    from app.services.cdp.segments.service import SegmentService  # noqa: PLC0415
    from app.services.integrations.gateway import gateway_by  # noqa: PLC0415

    owner = await asyncpg.connect(stack.owner_url)
    insert = "INSERT INTO tenants (name, slug) VALUES ('Bench', 'bench') RETURNING id"
    tenant_id = int(await owner.fetchval(insert))
    settings = get_settings().model_copy(update={"meta_base_url": sandbox, "allow_private_addresses": True})
    engine = make_engine(stack.app_url, settings)
    scopes = scopes_for(engine, tenant_id)
    async with gateway_by(settings):
        async with scopes() as scope:
            rule = read_rule({"kind": "has", "identifier": "email"})
            segment = (await SegmentService(scope).create("Bench", "", rule)).id
        await owner.execute("UPDATE cdp_segments SET computed_version = 1")
        await _people(owner, tenant_id, segment, count)
        wish = Wish(
            name="Bench",
            segment_id=segment,
            ad_account_id=await connected(scopes, sandbox),
            identifiers=["email"],
            holdout_percent=0,
            interval_minutes=None,
            resend_days=None,
        )
        async with scopes() as scope:
            audience = (await AudienceSyncService(scope).create(wish)).row.id
        found = [await _timed("all", scopes, audience), await _timed("nothing", scopes, audience)]
        gone = "DELETE FROM cdp_segment_members WHERE ctid IN (SELECT ctid FROM cdp_segment_members LIMIT $1)"
        await owner.execute(gone, count // CHANGED)
        found.append(await _timed("1 in 100 left", scopes, audience))
    await engine.dispose()
    await owner.close()
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    with running_stack() as stack, running_sandbox() as sandbox:
        os.environ.update(stack.environment)
        found = asyncio.run(_measure(stack, sandbox, count))
    print(
        f"{'people':>9} {'sent':>14} {'s':>7} {'people/s':>9} {'added':>8} {'removed':>8} {'requests':>9} {'MiB':>6}"
    )
    for each in found:
        print(
            f"{count:>9,} {each.what:>14} {each.seconds:>7.1f} {count / each.seconds:>9,.0f} {each.added:>8,} "
            f"{each.removed:>8,} {each.requests:>9,} {each.peak:>6.0f}"
        )


if __name__ == "__main__":
    main()
