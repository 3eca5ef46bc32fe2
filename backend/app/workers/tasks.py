"""The catalogue of every task: importing this module registers them all."""

from app.workers import (
    autopilot_tasks,
    campaign_builder_tasks,
    cdp_tasks,
    crm_sync_tasks,
    integrations_tasks,
    notifications_tasks,
    rules_tasks,
    trust_engine_tasks,
    work_tasks,
)

__all__ = [
    "autopilot_tasks",
    "campaign_builder_tasks",
    "cdp_tasks",
    "crm_sync_tasks",
    "integrations_tasks",
    "notifications_tasks",
    "rules_tasks",
    "trust_engine_tasks",
    "work_tasks",
]
