"""Erasure, store by store: each step is a transaction of its own and is written into the request as it ends.

Whoever dies half-way leaves the request running; the next one goes on with the first step that is not there.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from app.core.security import keyed_hash
from app.db.session import Scopes, TenantScope
from app.services.cdp.audience_sync.service import AudienceErasure, Removed
from app.services.cdp.conditions.service import Named
from app.services.cdp.events.service import normal_email, normal_phone, refused_event
from app.services.cdp.exports.service import EndedExports, ExportErasure
from app.services.cdp.funnels.service import FunnelService
from app.services.cdp.identity.service import GraphErasure
from app.services.cdp.imports.service import ImportErasure
from app.services.cdp.privacy.errors import RequestNotFound
from app.services.cdp.privacy.repository import PrivacyRepository
from app.services.cdp.privacy.rules import ERASED, KEPT, RequestStatus, StepStatus
from app.services.cdp.profiles.errors import ProfileNotFound
from app.services.cdp.profiles.service import ProfileService
from app.services.cdp.retention.service import RetentionService
from app.services.cdp.segments.service import Following, SegmentService
from app.services.cdp.traits.service import TraitFollowing, TraitService
from app.services.cdp.webhooks.service import Told, WebhookErasures
from app.services.integrations.crm.service import CrmErasure
from app.services.integrations.shops.service import ShopErasure

CERTIFICATE_PURPOSE = "cdp.privacy.certificate"
_VERDICTS_AT_ONCE = 500
_PLATFORM = "platform:"
_DISTINCT = 8
"""A value of so many characters is no number of something else."""
_WEBHOOK = "webhook:"
_AUDIENCE = "audience:"
_CLEARING = " What was written there from here is being emptied there."
_CRM = "crm:"
_SHOP = "shop:"
_REACHED = "reached"
Step = dict[str, Any]


class Erasure:
    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def run(self, request_id: UUID) -> None:
        await self._step(request_id, self._bury)
        await self._verdicts(request_id)
        await self._imports(request_id)
        await self._step(request_id, self._deliveries)
        await self._step(request_id, self._conditions)
        await self._step(request_id, self._consents)
        await self._step(request_id, self._graph)
        await self._step(request_id, self._audience_members)
        await TraitFollowing(self._scopes).drain()
        await Following(self._scopes).drain()
        await self._step(request_id, self._segments)
        await self._step(request_id, self._crms)
        await self._step(request_id, self._shops)
        await self._audiences(request_id)
        await self._receivers(request_id)
        await self._certify(request_id)

    async def _step(self, request_id: UUID, work: Any) -> None:
        """One transaction; nothing where an earlier run has done it."""
        async with self._scopes() as scope:
            rows = PrivacyRepository(scope)
            request = await rows.find(request_id, for_update=True)
            if request is None:
                raise RequestNotFound(request_id=str(request_id))
            name = work.__name__.removeprefix("_")
            if any(step["part"] == name for step in request.steps):
                return
            steps: list[Step] = await work(scope, request)
            now = scope.now().isoformat()
            request.steps = [*request.steps, *({**step, "part": name, "at": now} for step in steps)]
            request.steps_done += 1

    async def _bury(self, scope: TenantScope, request: Any) -> list[Step]:
        try:
            request.subject_keys = await GraphErasure(scope).bury(request.profile_id, scope.now(), request.id)
        except ProfileNotFound:  # erased meanwhile, by another request
            request.subject_keys = []
        request.status = RequestStatus.RUNNING
        await PrivacyRepository(scope).end_proposals(request.subject_keys, scope.now())
        return [_erased("cdp_tombstones", len(request.subject_keys))]

    async def _verdicts(self, request_id: UUID) -> None:
        """Refused events are sealed without whom they are about: each is opened and read."""
        async with self._scopes() as scope:
            request = await PrivacyRepository(scope).find(request_id)
            done = request is None or any(step["part"] == "verdicts_read" for step in request.steps)
            values = set() if request is None or done else await _called(scope, request)
        emptied, after = 0, None
        while values and not done:
            async with self._scopes() as scope:
                rows = PrivacyRepository(scope)
                found = await rows.verdicts(after, _VERDICTS_AT_ONCE)
                theirs = [
                    each.id
                    for each in found
                    if each.payload and _names(refused_event(each.payload, scope.tenant_id), values)
                ]
                await rows.empty_verdicts(theirs)
            emptied += len(theirs)
            if len(found) < _VERDICTS_AT_ONCE:
                break
            after = found[-1].id

        async def verdicts_read(_scope: TenantScope, _request: Any) -> list[Step]:
            return [_erased("cdp_event_verdicts", emptied)]

        await self._step(request_id, verdicts_read)

    async def _imports(self, request_id: UUID) -> None:
        """Files that were handed in: rows that name the person are taken out of those that are kept."""
        async with self._scopes() as scope:
            request = await PrivacyRepository(scope).find(request_id)
            done = request is None or any(step["part"] == "imports_read" for step in request.steps)
            values = set() if request is None or done else await _called(scope, request)
        waiting = rejected = 0
        if values:
            distinct = {value for value in values if len(value) >= _DISTINCT}
            waiting, rejected = await ImportErasure(self._scopes).run(
                lambda row: _names(row, distinct), lambda row: _names(row, values)
            )

        async def imports_read(_scope: TenantScope, _request: Any) -> list[Step]:
            return [_erased("cdp_import_parts", waiting), _erased("cdp_import_rejects", rejected)]

        await self._step(request_id, imports_read)

    async def _deliveries(self, scope: TenantScope, request: Any) -> list[Step]:
        rows = PrivacyRepository(scope)
        delivered = {each.platform: each for each in await rows.erase_deliveries(request.subject_keys)}
        steps = [_erased("conversion_deliveries", sum(each.rows for each in delivered.values()))]
        for platform in sorted({*await rows.platforms(), *delivered}):
            sent = delivered[platform].sent if platform in delivered else 0
            steps.append(
                {
                    "store": f"{_PLATFORM}{platform}",
                    "status": StepStatus.IMPOSSIBLE if sent else StepStatus.ERASED,
                    "rows": sent,
                    "detail": (
                        f"{sent} conversions had been sent or tried, their identifiers hashed; the platform has no "
                        "way to delete one, and keeps them by its own terms."
                        if sent
                        else "Nothing of the person had been sent there, and nothing will be."
                    ),
                }
            )
        return steps

    async def _conditions(self, scope: TenantScope, request: Any) -> list[Step]:
        """While it can still be read what the person is called."""
        named = Named.of(await _called(scope, request))
        return [
            _erased("cdp_segments", await SegmentService(scope).forget(named)),
            _erased("cdp_funnels", await FunnelService(scope).forget(named)),
            _erased("cdp_retention_reports", await RetentionService(scope).forget(named)),
            _erased("cdp_traits", await TraitService(scope).forget(named)),
            _erased("cdp_exports", await ExportErasure(scope).forget(named)),
        ]

    async def _consents(self, scope: TenantScope, request: Any) -> list[Step]:
        rows = PrivacyRepository(scope)
        consents, strings = await rows.erase_consents(request.subject_keys)
        return [
            _erased("cdp_consents", consents),
            _erased("cdp_consent_strings", strings),
            _erased("cdp_consent_receipts", await rows.erase_receipts(request.id)),
        ]

    async def _graph(self, scope: TenantScope, request: Any) -> list[Step]:
        memberships = await PrivacyRepository(scope).memberships(request.subject_keys)
        gone = await GraphErasure(scope).erase(request.subject_keys, request.id)
        return [
            _erased("cdp_events", gone.events),
            _erased("cdp_identity_edges", gone.links),
            _erased("cdp_identifiers", gone.identifiers),
            _erased("cdp_profiles", gone.profiles),
            _erased("cdp_segment_members", memberships),
            _erased("cdp_segment_timers", 0),
            _erased("cdp_trait_timers", 0),
        ]

    async def _segments(self, scope: TenantScope, request: Any) -> list[Step]:
        rows = PrivacyRepository(scope)
        ended = await ExportErasure(scope).end(request.subject_keys)
        return [
            _erased("cdp_export_parts", ended.parts),
            _erased("cdp_export_subjects", ended.subjects),
            *_beyond_reach(ended),
            # Now that no export finds them any more; one under way has its request locked, and is waited for.
            _erased("cdp_privacy_export_parts", await rows.end_exports_of(request.subject_keys, scope.now())),
            _erased("cdp_segment_list_entries", await rows.erase_list_entries(request.subject_keys)),
            _erased("cdp_segment_transitions", await rows.erase_transitions(request.id)),
        ]

    async def _crms(self, scope: TenantScope, request: Any) -> list[Step]:
        """Once their events are barred, so that no synchronisation under way keeps them anew."""
        found = await CrmErasure(scope).erase(request.subject_keys, request.id)
        detail = (
            "The CRM still has this person, for it is not ours to delete from: delete the contact there. Until then "
            "what it says of them later than this erasure comes in again."
        )
        return [
            _erased("crm_contacts", sum(each.contacts for each in found.values())),
            _erased("crm_contact_keys", 0),
            _erased("crm_departures", sum(each.departed for each in found.values())),
            _erased("crm_departure_keys", 0),
            _erased("crm_notices", 0),
            _erased("crm_creations", await CrmErasure(scope).erase_creations(request.subject_keys)),
            _erased("crm_writes", sum(each.clearing + each.clearing_deals for each in found.values())),
            _erased("crm_deals", sum(each.deals for each in found.values())),
            _erased("crm_deal_contacts", 0),
            *(
                {
                    "store": f"{_CRM}{name}",
                    "status": StepStatus.UNTOLD,
                    "rows": each.contacts,
                    "detail": detail + (_CLEARING if each.clearing or each.clearing_deals else ""),
                }
                for name, each in sorted(found.items())
                if each.contacts
            ),
        ]

    async def _shops(self, scope: TenantScope, request: Any) -> list[Step]:
        """As with CRMs: what a synchronisation under way would tell of them is barred already."""
        found = await ShopErasure(scope).erase(request.subject_keys)
        detail = (
            "The shop still has this customer and their orders: have it erase them there. Nothing more of these orders "
            "comes in here; what they order later does."
        )
        return [
            _erased("shop_orders", sum(found.values())),
            *(
                {"store": f"{_SHOP}{name}", "status": StepStatus.UNTOLD, "rows": orders, "detail": detail}
                for name, orders in sorted(found.items())
            ),
        ]

    async def _audience_members(self, scope: TenantScope, request: Any) -> list[Step]:
        """Once there is no such profile any more, so that no synchronisation under way adds them anew."""
        reached = await AudienceErasure.bury(scope, request.subject_keys)
        rows = _erased("cdp_audience_members", sum(reached.values()))
        return [{**rows, _REACHED: {str(each): people for each, people in reached.items()}}]

    async def _audiences(self, request_id: UUID) -> None:
        """The platforms are told between transactions, and waited for a little; what each has said by then is kept."""
        async with self._scopes() as scope:
            request = await PrivacyRepository(scope).find(request_id)
            if request is None or any(step["part"] == "audiences" for step in request.steps):
                return
            told: Mapping[str, int] = next((step[_REACHED] for step in request.steps if _REACHED in step), {})
            keys = list(request.subject_keys)
        reached = {UUID(each): people for each, people in told.items()}
        removed = await AudienceErasure(self._scopes).remove(reached, keys)

        async def audiences(_scope: TenantScope, _request: Any) -> list[Step]:
            return [_of_audience(each) for each in removed]

        await self._step(request_id, audiences)

    async def _receivers(self, request_id: UUID) -> None:
        """Webhooks are told between transactions, and waited for a little; what each knows by then is written down."""
        async with self._scopes() as scope:
            request = await PrivacyRepository(scope).find(request_id)
            if request is None or any(step["part"] == "webhooks" for step in request.steps):
                return
        told = await WebhookErasures(self._scopes).tell()

        async def webhooks(_scope: TenantScope, _request: Any) -> list[Step]:
            return [_of_webhook(each) for each in told]

        await self._step(request_id, webhooks)

    async def _certify(self, request_id: UUID) -> None:
        """What was done, store by store, under a hash that only this platform can make."""

        async def certified(scope: TenantScope, request: Any) -> list[Step]:
            kept = [
                {"store": store, "status": StepStatus.KEPT, "rows": 0, "detail": why}
                for store, why in KEPT.items()
            ]
            request.status, request.finished_at = RequestStatus.DONE, scope.now()
            told = {
                "request_id": str(request.id),
                "profile_id": str(request.profile_id),
                "identifiers": len(request.subject_keys),
                "requested_at": request.requested_at.isoformat(),
                "requested_by": request.requested_by,
                "finished_at": request.finished_at.isoformat(),
                "bars_events_before": next(
                    (step["at"] for step in request.steps if step["store"] == "cdp_tombstones"), None
                ),
                "stores": [
                    {name: step[name] for name in ("store", "status", "rows", "detail")}
                    for step in (*request.steps, *kept)
                ],
            }
            request.certificate = msgspec.json.encode(told).decode()
            request.signature = signature(request.certificate, scope.tenant_id)
            return kept

        await self._step(request_id, certified)


def signature(certificate: str, tenant_id: int) -> str:
    return keyed_hash(certificate, purpose=CERTIFICATE_PURPOSE, tenant_id=tenant_id).hex()


def _beyond_reach(ended: EndedExports) -> list[Step]:
    """Of files that held the person and had been fetched, only who fetched them can delete the copies."""
    if not ended.downloads:
        return []
    detail = (
        "Files with the person had been fetched from here before; the audit log says by whom. Those copies have to "
        "be deleted where they are."
    )
    status = StepStatus.IMPOSSIBLE
    return [{"store": "fetched_exports", "status": status, "rows": ended.downloads, "detail": detail}]


def _of_webhook(told: Told) -> Step:
    if told.is_told:
        status, detail = StepStatus.TOLD, "The receiver acknowledged that this person is erased."
    elif told.enabled:
        status = StepStatus.WAITING
        detail = "Not acknowledged yet: it is told again and again until it is, for three days."
    else:
        status = StepStatus.UNTOLD
        detail = "The webhook is switched off. It is told first of all when somebody switches it on again."
    return {"store": f"{_WEBHOOK}{told.name}", "status": status, "rows": int(told.is_told), "detail": detail}


def _of_audience(removed: Removed) -> Step:
    if removed.is_gone:
        status = StepStatus.ERASED
        detail = "The platform acknowledged that they are taken out of the audience, and their hashes are deleted here."
    else:
        status = StepStatus.WAITING
        said = f" It says: {removed.error}" if removed.error else ""
        detail = f"Not acknowledged yet: it is asked again and again until it is.{said}"
    store = f"{_AUDIENCE}{removed.platform}:{removed.name}"
    return {"store": store, "status": status, "rows": removed.people, "detail": detail}


def _erased(store: str, rows: int) -> Step:
    return {"store": store, "status": StepStatus.ERASED, "rows": rows, "detail": ERASED[store]}


async def _called(scope: TenantScope, request: Any) -> set[str]:
    """What the person is called, in normal forms; whoever is joined to them meanwhile is another."""
    return await ProfileService(scope).values(request.subject_keys)


def _names(event: Any, values: set[str]) -> bool:
    """Whether a text at any depth is one of these, as it stands or in its normal form."""
    waiting = [event]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, str | int):
            text = str(each)
            if not values.isdisjoint({text, normal_email(text) or text, normal_phone(text) or text}):
                return True
        elif isinstance(each, Sequence):
            waiting += each
    return False
