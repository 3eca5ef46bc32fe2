"""Signal health by the clock."""

from app.db.session import TenantScope
from app.services.trust_engine.health.service import HealthService
from app.workers.handlers import every, handles


@every(seconds=60)
@handles("trust_engine.health.evaluate", queue="intel", max_retries=1)
async def evaluate(scope: TenantScope) -> None:
    """Measure and score the tenant's accounts that are due."""
    await HealthService(scope).evaluate_due()
