"""Work that follows events."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from app.db.platform import Platform
from app.db.session import Scopes, TenantScope
from app.services.cdp.arrivals.service import Arrival, Arrivals, arrival_stragglers, follow_up
from app.services.cdp.audience_sync.service import (
    AudienceRunner,
    AudienceSyncService,
    Withdrawals,
    measure_all,
)
from app.services.cdp.consents.service import ConsentSummaries
from app.services.cdp.events.upkeep import EventUpkeep
from app.services.cdp.exports.service import ExportExpiry, ExportWork, export_stragglers
from app.services.cdp.feed.service import FeedPruning, until_done
from app.services.cdp.identity.service import Resolver, Ruling, resolve_stragglers
from app.services.cdp.imports.service import ImportExpiry, ImportWork, import_stragglers
from app.services.cdp.privacy.service import Forgetting, PrivacyRequests, PrivacyWork
from app.services.cdp.segments.service import (
    Following,
    Recomputation,
    SegmentService,
    follow_stragglers,
    run_scheduled,
)
from app.services.cdp.traits.service import Ranking, TraitFollowing, TraitService, WholeTrait, follow_traits
from app.services.cdp.webhooks.service import Pump, forget_old_tries
from app.workers.handlers import every, handles

_SLICE_SECONDS = 1.0


async def _ran_out_of_time(work: Callable[[float], Awaitable[object]]) -> bool:
    """Work until there is nothing left, or for a slice of time: then others have their turn before the rest."""
    until = time.monotonic() + _SLICE_SECONDS
    await work(until)
    return time.monotonic() > until


@handles("cdp.events.accepted", queue="cdp", timeout=300)
async def accepted(scopes: Scopes, **_earlier: object) -> None:
    """Events were stored: show a sample, keep their consents, send their conversions on, learn their form."""
    if await _ran_out_of_time(Arrivals(scopes).drain):
        async with scopes() as scope:
            await scope.enqueue("cdp.events.accepted", {}, queue="cdp")


@handles("cdp.events.accepted_alone", queue="cdp")
async def accepted_alone(scope: TenantScope, arrival: dict[str, object]) -> None:
    """The same, of one write that could not be taken in with others."""
    await follow_up(scope, [Arrival.of(arrival)])


@every(seconds=5)
@handles("cdp.events.stragglers", queue="cdp", max_retries=0, timeout=300)
async def stragglers_of_arrivals(platform: Platform) -> None:
    """Take in what a worker's death, or a write that committed just as a task ended, has left behind."""
    await arrival_stragglers(platform)


@every(seconds=3600)
@handles("cdp.events.upkeep", queue="cdp", max_retries=0, timeout=900)
async def upkeep(platform: Platform) -> None:
    await EventUpkeep(platform).run()


@handles("cdp.events.forgotten", queue="cdp")
async def events_forgotten(scope: TenantScope, before: str) -> None:
    """Events' time was over: what reads so far back is computed anew."""
    moment = datetime.fromisoformat(before)
    await TraitService(scope).events_forgotten(moment)
    await SegmentService(scope).events_forgotten(moment)


@every(seconds=3600)
@handles("cdp.feed.prune", queue="cdp", max_retries=0, timeout=900)
async def prune_feed(platform: Platform) -> None:
    """Forget what everybody who follows the feed of changed profiles has passed."""
    await FeedPruning(platform).run()


@handles("cdp.identity.resolve", queue="cdp", timeout=300)
async def resolve(scopes: Scopes) -> None:
    """Events were stored: find out whose they are."""
    if await _ran_out_of_time(Resolver(scopes).drain):
        async with scopes() as scope:
            await scope.enqueue("cdp.identity.resolve", {}, queue="cdp")


@every(seconds=5)
@handles("cdp.identity.stragglers", queue="cdp", max_retries=0, timeout=300)
async def stragglers(platform: Platform) -> None:
    """Resolve what a worker's death, or an event committed just as its task ended, has left behind."""
    await resolve_stragglers(platform)


@handles("cdp.identity.reapply", queue="cdp", max_retries=20, timeout=600)
async def reapply(scope: TenantScope) -> None:
    """The rules of identity have changed."""
    await Ruling(scope).reapply()


@every(seconds=3600)
@handles("cdp.profiles.age", queue="cdp", timeout=300)
async def age(scope: TenantScope) -> None:
    """Time has passed: who has been away for long is churned."""
    await Ruling(scope).age()


@handles("cdp.segments.follow", queue="cdp", timeout=300)
async def follow(scopes: Scopes) -> None:
    """Profiles changed: compute what is computed of them, and see who enters a segment, and who leaves."""
    turns = TraitFollowing(scopes).turn, Following(scopes).turn
    if await _ran_out_of_time(lambda until: until_done(*turns, until=until)):
        async with scopes() as scope:
            await scope.enqueue("cdp.segments.follow", {}, queue="cdp")


@every(seconds=2)
@handles("cdp.segments.stragglers", queue="cdp", max_retries=0, timeout=300)
async def segment_stragglers(platform: Platform) -> None:
    """Follow time, and what a worker's death has left behind."""
    await follow_stragglers(platform)


@handles("cdp.segments.recompute", queue="cdp", timeout=900)
async def recompute(scopes: Scopes, segment_id: str, as_of: str | None = None) -> None:
    moment = None if as_of is None else datetime.fromisoformat(as_of)
    await Recomputation(scopes).run(UUID(segment_id), moment)


@every(seconds=5)
@handles("cdp.segments.scheduled", queue="cdp", max_retries=0, timeout=60)
async def scheduled_segments(platform: Platform) -> None:
    """Begin to compute the segments whose time of day has come."""
    await run_scheduled(platform)


@handles("cdp.traits.compute", queue="cdp", timeout=900)
async def compute_trait(scopes: Scopes, trait_id: str) -> None:
    await WholeTrait(scopes).run(UUID(trait_id))


@handles("cdp.traits.rank", queue="cdp", timeout=900)
async def rank(scopes: Scopes) -> None:
    """The customers' day has come, or somebody wants to know where they stand now."""
    await Ranking(scopes).run()


@every(seconds=2)
@handles("cdp.traits.stragglers", queue="cdp", max_retries=0, timeout=900)
async def trait_stragglers(platform: Platform) -> None:
    """Follow time, and what a worker's death has left behind; rank the customers whose day has come."""
    await follow_traits(platform)


@every(seconds=3600)
@handles("cdp.consents.summarize", queue="cdp", timeout=300)
async def summarize(scope: TenantScope) -> None:
    """How many people granted and refused what, by now."""
    await ConsentSummaries(scope).count()


@handles("cdp.privacy.run", queue="cdp", timeout=900)
async def privacy(scopes: Scopes, request_id: str) -> None:
    """Somebody asked for a person's data, or to have it erased."""
    await PrivacyWork(scopes).run(UUID(request_id))


@handles("cdp.privacy.propose", queue="cdp")
async def propose_erasure(scope: TenantScope, profile_id: str, reason: str, by: str) -> None:
    """Another system deleted somebody for good: a person here decides what follows."""
    await PrivacyRequests(scope).propose(UUID(profile_id), reason, by=by)


@every(seconds=3600)
@handles("cdp.privacy.forget", queue="cdp", timeout=900)
async def forget(scopes: Scopes) -> None:
    """What the tenant keeps no longer, and exports that nobody may fetch any more."""
    await Forgetting(scopes).run()


@handles("cdp.imports.work", queue="cdp", timeout=300)
async def take_in(scopes: Scopes) -> None:
    """Files were started: take them in, one after another."""
    await ImportWork(scopes).run()


@every(seconds=20)
@handles("cdp.imports.stragglers", queue="cdp", max_retries=0, timeout=300)
async def stragglers_of_imports(platform: Platform) -> None:
    """Go on with what a worker's death, or a start just as a task ended, has left behind."""
    await import_stragglers(platform)


@every(seconds=3600)
@handles("cdp.imports.expire", queue="cdp", timeout=300)
async def expire_imports(scopes: Scopes) -> None:
    """Files that nobody started, and rejected rows that are kept no longer."""
    await ImportExpiry(scopes).run()


@handles("cdp.exports.work", queue="cdp", timeout=300)
async def write_exports(scopes: Scopes) -> None:
    """Exports were asked for: write them, one after another."""
    await ExportWork(scopes).run()


@every(seconds=20)
@handles("cdp.exports.stragglers", queue="cdp", max_retries=0, timeout=300)
async def stragglers_of_exports(platform: Platform) -> None:
    """Go on with what a worker's death, or a request just as a task ended, has left behind."""
    await export_stragglers(platform)


@every(seconds=3600)
@handles("cdp.exports.expire", queue="cdp", timeout=300)
async def expire_exports(scopes: Scopes) -> None:
    """Files that nobody may fetch any more."""
    await ExportExpiry(scopes).run()


@every(seconds=2)
@handles("cdp.webhooks.tell", queue="sync", max_retries=0, timeout=90)
async def tell(platform: Platform) -> None:
    """Tell webhooks what has happened; one pump at a time."""
    await Pump(platform).run()


@every(seconds=3600)
@handles("cdp.webhooks.forget", queue="cdp", timeout=120)
async def forget_tries(scopes: Scopes) -> None:
    """Webhooks' logs keep 30 days."""
    await forget_old_tries(scopes)


@every(seconds=30)
@handles("cdp.audience_sync.due", queue="sync", max_retries=0)
async def audiences_due(scope: TenantScope) -> None:
    """Looks often, since domain time may run faster than real time; enqueues only what is due."""
    await AudienceSyncService(scope).enqueue_due()


@handles("cdp.audience_sync.run", queue="sync", max_retries=3, timeout=600)
async def sync_audience(scopes: Scopes, audience_id: str, *, only_removals: bool = False) -> None:
    await AudienceRunner(scopes).run(UUID(audience_id), only_removals=only_removals)


@every(seconds=300)
@handles("cdp.audience_sync.withdrawals", queue="sync", max_retries=0, timeout=300)
async def withdrawals_from_audiences(scopes: Scopes) -> None:
    """Who has refused leaves soon, however seldom an audience is synchronised."""
    await Withdrawals(scopes).sweep()


@every(seconds=3600)
@handles("cdp.audience_sync.measure", queue="sync", max_retries=0, timeout=300)
async def measure_audiences(scopes: Scopes) -> None:
    await measure_all(scopes)


@every(seconds=86_400)
@handles("cdp.audience_sync.forget_runs", queue="sync")
async def forget_audience_runs(scope: TenantScope) -> None:
    await AudienceSyncService(scope).forget_old()
