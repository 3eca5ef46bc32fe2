"""The catalogue of every task: importing this module registers them all."""

from app.workers import (
    autopilot_tasks,
    cdp_tasks,
    integrations_tasks,
    notifications_tasks,
    trust_engine_tasks,
    work_tasks,
)

__all__ = [
    "autopilot_tasks",
    "cdp_tasks",
    "integrations_tasks",
    "notifications_tasks",
    "trust_engine_tasks",
    "work_tasks",
]
