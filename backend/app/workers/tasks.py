"""The catalogue of every task: importing this module registers them all."""

from app.workers import integrations_tasks, work_tasks

__all__ = ["integrations_tasks", "work_tasks"]
