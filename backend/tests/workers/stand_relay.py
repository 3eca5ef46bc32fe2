"""The relay, knowing the tests' tasks."""

import asyncio

from app.core.config import settings
from app.core.logging import configure_logging
from app.workers import relay
from tests.workers import stand

if __name__ == "__main__":
    configure_logging(settings)
    print(f"relaying for {len(stand.celery_app.tasks)} tasks")  # noqa: T201  (read by a person when it fails)
    asyncio.run(relay.main(settings))
