"""The catalogue of every task: importing this module registers them all."""

from app.workers import work_tasks

__all__ = ["work_tasks"]
