"""Which stores hold something of a person, and what erasure does with each. Pure."""

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class RequestKind(StrEnum):
    EXPORT = "export"
    ERASURE = "erasure"


class RequestStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PROPOSED = "proposed"
    """Nothing is done until somebody confirms it."""
    DISMISSED = "dismissed"
    OVERTAKEN = "overtaken"
    """Proposed, and the person was erased by another request."""


OPEN = frozenset({RequestStatus.PROPOSED, RequestStatus.QUEUED, RequestStatus.RUNNING})


class Law(StrEnum):
    """What a request has to be answered by, and within which time."""

    GDPR = "gdpr"
    CCPA = "ccpa"


CCPA_DAYS = 45


def law_of(country: str | None) -> Law:
    """The law of the person's country; where that is not known, or has none here, the strictest: the GDPR's."""
    return Law.CCPA if country == "US" else Law.GDPR


def due(law: Law, requested_at: datetime) -> datetime:
    """By when it has to be answered: within 45 days (CCPA), or a month (GDPR, Art. 12) that ends on the same day.

    Where the next month has no such day, on its last one.
    """
    if law is Law.CCPA:
        return requested_at + timedelta(days=CCPA_DAYS)
    month = requested_at.month % 12 + 1
    year = requested_at.year + (month == 1)
    day = min(requested_at.day, calendar.monthrange(year, month)[1])
    return requested_at.replace(year=year, month=month, day=day)


class StepStatus(StrEnum):
    """What became of one store."""

    ERASED = "erased"
    KEPT = "kept"
    IMPOSSIBLE = "impossible"
    TOLD = "told"
    """A receiver outside acknowledged it; what it does then is its own affair."""
    WAITING = "waiting"
    UNTOLD = "untold"


ERASED: Mapping[str, str] = MappingProxyType(
    {
        "cdp_tombstones": "hashes of the identifiers, which bar what happened before",
        "cdp_event_verdicts": "refused events that name the person, their content",
        "conversion_deliveries": "ids that the shop gave their purchases; what was unsent is not sent",
        "cdp_privacy_export_parts": "earlier exports",
        "cdp_segments": "names and conditions of segments, where they named the person by an identifier",
        "cdp_traits": "definitions of computed traits, where they named the person by an identifier",
        "cdp_funnels": "names and conditions of saved funnels, where they named the person by an identifier",
        "cdp_retention_reports": "names and conditions of saved reports, where they did so too",
        "cdp_exports": "whom an export asked for, where that named the person",
        "cdp_import_parts": "rows that name the person, in uploaded files that wait to be taken in",
        "cdp_import_rejects": "rows that name the person, among those that were not taken in",
        "cdp_export_parts": "files with the person that could be fetched: each ended as a whole",
        "cdp_export_subjects": "their place in files that are being written",
        "cdp_consents": "what stood of their consents",
        "cdp_consent_strings": "TCF and GPP strings",
        "cdp_consent_receipts": "receipts of consent",
        "cdp_events": "what they did",
        "cdp_identity_edges": "links between identifiers",
        "cdp_identifiers": "identifiers, with the fold of their events",
        "cdp_profiles": "the profile and its traits, computed ones too",
        "cdp_segment_members": "memberships of segments, by the profile's end",
        "cdp_segment_timers": "times at which memberships were to be looked at again, by the profile's end",
        "cdp_trait_timers": "times at which computed traits were to be looked at again, by the profile's end",
        "cdp_audience_members": "hashes that were sent to audiences, gone once the platform has taken them out",
        "crm_contacts": "which contact of a CRM they are, and the hash of what it says of them",
        "crm_contact_keys": "by which hashed identifiers a contact is found, by the contact's end",
        "crm_departures": "contacts that a CRM has deleted, by which they were known",
        "crm_departure_keys": "by which hashed identifiers such a contact is found, by its row's end",
        "crm_notices": "that a CRM said something of theirs had changed",
        "crm_writes": "what was to be written of them to a CRM; what is to be emptied there, until it is",
        "crm_creations": "that a contact was created for them at a CRM, or was not",
        "crm_deals": "whose a deal of a CRM is, and what was written to it of them; the deal and its worth stay",
        "crm_deal_contacts": "by which contact such a deal is found",
        "shop_orders": "whose an order of a shop is; the order and its worth stay",
        "cdp_segment_list_entries": "places on uploaded lists",
        "cdp_segment_transitions": "comings and goings in segments",
    }
)
"""By table: what is deleted there, or made to name nobody."""

KEPT: Mapping[str, str] = MappingProxyType(
    {
        "cdp_event_dedupe": "ids of messages for a day or so, without whom they were about; addresses in them hashed",
        "cdp_identity_queue": "ids of events, gone when they are resolved",
        "cdp_event_arrivals": "ids of events, gone when what follows from them is done",
        "cdp_source_schemas": "how many events of a name came, their form, and ids of the last of them; no value",
        "cdp_identity_quarantine": "ids of events that could not be resolved and what failed; gone with the event",
        "cdp_profile_changes": "hashed ids of profiles that changed, and no value",
        "cdp_webhook_deliveries": "which parts of the feed were told, when and with what outcome; no content",
        "cdp_audience_batches": "how many people a request to a platform was about, and not who",
        "cdp_privacy_requests": "this request: hashed ids, which prove the erasure",
        "audit_logs": "who did what to which hashed id, as the law wants it; addresses masked",
        "conversion_values": "what a deal is worth now, by its id at the CRM, without whose it was",
        "outbox": "ids of work under way, gone when it is done",
        "dead_letters": "ids of work that failed",
        "redis": "samples of events without identifiers, trimmed within minutes",
    }
)
"""What holds no more than hashed ids, and why it stays."""
