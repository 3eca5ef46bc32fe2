"""Nothing is enqueued that nobody does, and nothing periodic is left out of Beat's schedule."""

import ast
import subprocess
import sys
from pathlib import Path

from app.workers import tasks
from app.workers.celery_app import TICK, celery_app, longest_hard_limit, visibility_timeout
from app.workers.handlers import HANDLERS, PERIODIC, QUEUES, Takes
from tests.house.source import BACKEND, Module, below, modules


def _is_enqueue(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "enqueue"


def _enqueued(module: Module) -> list[tuple[str | None, str]]:
    """Each task name that the module enqueues, with its place; None where it is no constant."""
    found: list[tuple[str | None, str]] = []
    for node in ast.walk(module.tree):
        if _is_enqueue(node) and isinstance(node, ast.Call) and node.args:
            name = node.args[0]
            constant = isinstance(name, ast.Constant) and isinstance(name.value, str)
            found.append((name.value if constant else None, f"{module.name}:{node.lineno}"))  # type: ignore[attr-defined]  # checked on the line before
    return found


def test_every_enqueued_task_has_a_handler() -> None:
    known = {name for name, handler in HANDLERS.items() if handler.takes is not Takes.PLATFORM}
    lost = [
        f"{place} enqueues {name}"
        for module in modules()
        for name, place in _enqueued(module)
        if name is not None and name not in known
    ]
    assert lost == []


def test_task_names_are_written_out_where_they_are_enqueued() -> None:
    """Else the test above would be blind to them; the fan-out over tenants is the one exception."""
    hidden = [place for module in modules() for name, place in _enqueued(module) if name is None]
    assert [place.partition(":")[0] for place in hidden] == ["app.workers.runtime"]


def test_every_task_module_is_in_the_catalogue() -> None:
    written = {module.parts[-1] for module in below("app.workers.") if module.parts[-1].endswith("_tasks")}
    assert written == set(tasks.__all__)


def test_every_handler_is_registered_with_celery_under_its_own_limits() -> None:
    """In a process of its own: tests register handlers too."""
    script = (
        "from app.workers.celery_app import celery_app, HANDLERS\n"
        "from app.workers.handlers import Takes\n"
        "mine = {n for n in celery_app.tasks if not n.startswith('celery.')} - {'work.tick'}\n"
        "assert mine == {n for n, h in HANDLERS.items() if h.takes is not Takes.PLATFORM}, mine\n"
        "assert all(celery_app.tasks[n].time_limit == HANDLERS[n].hard_limit for n in mine)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=BACKEND)


def test_every_periodic_task_is_scheduled_in_beat() -> None:
    schedule = celery_app.conf.beat_schedule
    ours = {name for name in PERIODIC if not name.startswith("stand.")}
    assert ours == {name for name in schedule if not name.startswith("stand.")}
    for name, entry in schedule.items():
        assert (entry["task"], entry["args"]) == (TICK, [name])
        assert entry["schedule"] == PERIODIC[name].schedule
        assert entry["options"]["queue"] in QUEUES


def test_a_handler_that_takes_the_platform_runs_by_the_clock_alone() -> None:
    platform = {name for name, handler in HANDLERS.items() if handler.takes is Takes.PLATFORM}
    assert platform <= set(PERIODIC)


def test_deliveries_are_late_acknowledged_bounded_and_json() -> None:
    conf = celery_app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert str(celery_app.timezone) == "UTC"
    assert visibility_timeout() == longest_hard_limit() + 60
    assert conf.broker_transport_options["visibility_timeout"] == visibility_timeout()
    assert {queue.name for queue in conf.task_queues} == set(QUEUES)


def test_nobody_but_the_relay_sends_tasks() -> None:
    offences = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if Path(module.path).name != "relay.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"delay", "apply_async", "send_task", "s", "si"}
    ]
    assert offences == []
