"""Every strategy there is, by its name."""

from collections.abc import Mapping

from app.services.autopilot.strategies.fatigue import AdFatigue
from app.services.autopilot.strategies.findings import Kind
from app.services.autopilot.strategies.pacing import BudgetPacing
from app.services.autopilot.strategies.reallocation import Reallocation
from app.services.autopilot.strategies.scaling import PerformanceScaling
from app.services.autopilot.strategies.status import StatusManagement

CATALOGUE: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (PerformanceScaling(), Reallocation(), BudgetPacing(), StatusManagement(), AdFatigue())
}
