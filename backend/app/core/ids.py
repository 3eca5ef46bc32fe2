"""Identifiers: UUIDv7, so that rows sort by the time they were made."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils
import uuid_utils.compat
from asyncpg.pgproto import pgproto

_SEVEN = 7
_TOO_LATE = 7_258_118_400_000  # the year 2200
BareId = uuid_utils.UUID
"""A UUID of the generator's own class: a tenth of the cost, for rows that are written by the thousand."""


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()


def bare_uuid7() -> BareId:
    """The next id, later than the one before it in this process: ids of one batch keep the batch's order."""
    return uuid_utils.uuid7()


def made_at(id_: UUID) -> datetime | None:
    """When a UUIDv7 was made, to the millisecond; None for an id of another version, or of no time of ours."""
    milliseconds = id_.int >> 80
    if id_.version != _SEVEN or milliseconds >= _TOO_LATE:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def id_of(sixteen: bytes) -> UUID:
    """The id with these bytes, of the driver's own class: made, hashed, compared and sent without Python's code."""
    return pgproto.UUID(sixteen)


LARGEST_TENANT = 2_147_483_647
"""A tenant's id is PostgreSQL's integer: what a key or a request names beyond that is nobody's."""
