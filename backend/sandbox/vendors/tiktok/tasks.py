"""What TikTok writes when asked: reports and change logs. A task is made, looked at, and its file fetched."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.vendors.tiktok import reports
from sandbox.vendors.tiktok.calls import Call
from sandbox.vendors.tiktok.changelog import spelt
from sandbox.vendors.tiktok.errors import no_such, wrong
from sandbox.vendors.tiktok.reading import advertiser_of
from sandbox.vendors.tiktok.state import TikTokState
from sandbox.world.seasons import DAY

_SECONDS = 0.3
_LONGEST_LOG = 30 * DAY
_KINDS = {"CAMPAIGN": "campaign", "ADGROUP": "adgroup", "AD": "ad"}
_LOG_PARAMS = frozenset(
    {"advertiser_id", "start_time", "end_time", "timezone", "log_object_types", "object_ids", "lang"}
)


@dataclass(slots=True)
class Task:
    id: str
    advertiser: str
    what: str
    started: float
    write: Callable[[], str]
    canceled: bool = False

    @property
    def status(self) -> str:
        if self.canceled:
            return "CANCELED"
        done = monotonic() - self.started
        if done >= _SECONDS:
            return "SUCCESS"
        return "PROCESSING" if done > _SECONDS / 2 else "QUEUING"


class Tasks:
    """They live as long as the process: TikTok forgets them as well."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._numbers = count(1)

    def start(self, advertiser: str, what: str, write: Callable[[], str]) -> dict[str, Any]:
        task = Task(f"76{next(self._numbers):017d}", advertiser, what, monotonic(), write)
        self._tasks[task.id] = task
        return {"task_id": task.id}

    def of(self, state: TikTokState, call: Call, what: str) -> Task:
        advertiser, task_id = advertiser_of(state, call), call.text("task_id")
        task = self._tasks.get(task_id)
        if task is None or (task.advertiser, task.what) != (advertiser, what):
            raise no_such(f"task_id: {task_id} does not exist.")
        return task

    def finished(self, state: TikTokState, call: Call, what: str) -> Task:
        task = self.of(state, call, what)
        if task.status != "SUCCESS":
            raise wrong(f"task_id: The task is {task.status}; its file can't be downloaded.")
        return task


def start_report(tasks: Tasks, state: TikTokState, call: Call) -> dict[str, Any]:
    if call.text("output_format", "CSV_DOWNLOAD") != "CSV_DOWNLOAD":
        raise wrong("output_format: Only CSV_DOWNLOAD is emulated by this sandbox.")
    query = reports.parse(state, call)
    return tasks.start(query.advertiser, "report", lambda: _as_csv(reports.rows(state, query), query))


def _as_csv(rows: list[dict[str, Any]], query: reports.Query) -> str:
    out = io.StringIO()
    head = [query.id_name, *([query.time_name] if query.time_name else []), *query.metrics]
    writer = csv.DictWriter(out, head)
    writer.writeheader()
    writer.writerows(row["dimensions"] | row["metrics"] for row in rows)
    return out.getvalue()


def start_log(tasks: Tasks, state: TikTokState, call: Call) -> dict[str, Any]:
    """`timezone` is whose hours the file is written in, and the bounds are read in."""
    if unknown := call.params.keys() - _LOG_PARAMS:
        raise wrong(f"{min(unknown)}: It is not emulated by this sandbox.")
    advertiser = advertiser_of(state, call)
    zone = call.text("timezone", state.timezone(advertiser))
    since, until = _moment(call, "start_time", zone), _moment(call, "end_time", zone)
    if not 0 <= until - since <= _LONGEST_LOG:
        raise wrong("end_time: It must lie behind start_time, at most 30 days.")
    kinds = {_kind(word) for word in call.words("log_object_types", [])}
    ids = set(call.words("object_ids", []))

    def write() -> str:
        text = state.changelog.file(advertiser, since, until, timezone=zone, kinds=kinds, ids=ids)
        return json.dumps({"file_data": spelt(text), "file_name": f"changelog_{advertiser}.csv"})

    return tasks.start(advertiser, "changelog", write)


def _kind(word: str) -> str:
    if word not in _KINDS:
        raise wrong(f"log_object_types: It must be one of {', '.join(_KINDS)}.")
    return _KINDS[word]


def _moment(call: Call, name: str, zone: str) -> float:
    try:
        here = ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise wrong(f"timezone: There is no time zone {zone}.") from error
    try:
        moment = datetime.strptime(call.text(name), "%Y-%m-%d %H:%M:%S").replace(tzinfo=here)
        return moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise wrong(f"{name}: It must be written YYYY-MM-DD HH:MM:SS.") from error
