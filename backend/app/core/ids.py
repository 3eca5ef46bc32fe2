"""Identifiers: UUIDv7, so that rows sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()
