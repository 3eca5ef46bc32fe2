"""Identifiers: UUIDv7, so that rows sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()


LARGEST_TENANT = 2_147_483_647
"""A tenant's id is PostgreSQL's integer: what a key or a request names beyond that is nobody's."""
