"""Asynchronous insights: a report run is started, polled by its percentage, and read when it is complete."""

from dataclasses import dataclass
from time import monotonic, time
from typing import Any

from sandbox.vendors.meta.calls import Call
from sandbox.vendors.meta.errors import GraphError, unknown_field
from sandbox.vendors.meta.fields import parse
from sandbox.vendors.meta.insights import Query

_SECONDS = 0.6
_DONE = 100
_FIELDS = (
    "id",
    "account_id",
    "async_status",
    "async_percent_completion",
    "date_start",
    "date_stop",
    "is_running",
    "time_ref",
    "time_completed",
    "report_run_id",
)


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    node_id: str
    account: str
    query: Query
    started: float
    started_at: int
    fails: bool = False

    @property
    def percent(self) -> int:
        return min(_DONE, int(_DONE * (monotonic() - self.started) / _SECONDS))


class Reports:
    """Runs live as long as the process: Meta forgets them as well."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def start(self, node_id: str, account: str, query: Query, *, fails: bool = False) -> Run:
        number = f"6{len(self._runs) + 1:014d}"
        run = Run(number, node_id, account, query, monotonic(), int(time()), fails)
        self._runs[run.id] = run
        return run

    def find(self, run_id: str) -> Run | None:
        return self._runs.get(run_id)


def describe(run: Run, call: Call) -> dict[str, Any]:
    percent = run.percent
    ended = "Job Failed" if run.fails else "Job Completed"
    status = ended if percent == _DONE else "Job Running" if percent else "Job Started"
    values: dict[str, Any] = {
        "id": run.id,
        "account_id": run.account,
        "time_ref": run.started_at,
        "async_status": status,
        "async_percent_completion": percent,
        "date_start": run.query.since.isoformat(),
        "date_stop": run.query.until.isoformat(),
        "is_running": percent < _DONE,
    }
    if percent == _DONE and not run.fails:
        values["time_completed"] = run.started_at + 1
    wanted = [one.name for one in parse(call.params.get("fields", ""))]
    for name in wanted:
        if name not in _FIELDS:
            raise unknown_field(name, "AdReportRun")
    return values if not wanted else {n: values[n] for n in ["id", *wanted] if n in values}


def require_complete(run: Run) -> None:
    if run.percent < _DONE or run.fails:
        raise GraphError(
            "(#2601) Error accessing adreport job: the report is not complete", 2601, subcode=1815107
        )
