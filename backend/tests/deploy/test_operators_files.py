"""What operators are given names only what is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from app.core import metrics
from app.core.config import Settings
from app.workers.celery_app import celery_app

_ROOT = Path(__file__).parents[3]
_COMPOSE: dict[str, Any] = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())
_RULES: dict[str, Any] = yaml.safe_load((_ROOT / "deploy" / "prometheus" / "stratum.rules.yml").read_text())
_DASHBOARDS = sorted((_ROOT / "deploy" / "grafana").glob("*.json"))


def _registered() -> set[str]:
    """Every name that /metrics can show, with a histogram's and a counter's endings."""
    assert metrics.HTTP_REQUESTS is not None
    names = set()
    for family in REGISTRY.collect():
        names.add(family.name)
        endings = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}.get(family.type, ())
        names.update(f"{family.name}{ending}" for ending in endings)
    return names


def _expressions() -> list[str]:
    rules = [rule["expr"] for group in _RULES["groups"] for rule in group["rules"]]
    panels = [
        target["expr"]
        for path in _DASHBOARDS
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
    ]
    return rules + panels


def test_every_metric_that_is_watched_exists() -> None:
    watched = {name for said in _expressions() for name in re.findall(r"\bstratum_\w+", said)}
    assert len(watched) > 10
    assert watched - _registered() == set()


def test_every_label_that_is_asked_for_is_one_of_the_metrics() -> None:
    labels = {
        f"{metric._name}{ending}": set(metric._labelnames)
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for ending in ("", "_total", "_bucket", "_sum", "_count")
    }
    for said in _expressions():
        known = {"le", "job"}.union(*(labels[name] for name in re.findall(r"\bstratum_\w+", said)))
        selected = re.findall(r"(\w+)\s*(?:=~|!~|!=|=(?!=))\s*\"", said)
        grouped = [name.strip() for group in re.findall(r"by \(([^)]*)\)", said) for name in group.split(",")]
        assert set(selected + grouped) <= known, said


def test_every_process_that_counts_is_asked_where_compose_has_it_serve() -> None:
    settings = _COMPOSE["services"]["worker"]["environment"]
    assert settings["METRICS_HOST"] == "0.0.0.0"  # noqa: S104  (in a network of its own)
    asked = {
        target
        for job in yaml.safe_load((_ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())[
            "scrape_configs"
        ]
        for served in job["static_configs"]
        for target in served["targets"]
    }
    worker, relay = settings["WORKER_METRICS_PORT"], settings["RELAY_METRICS_PORT"]
    assert asked == {"api:8000", f"worker:{worker}", f"relay:{relay}"}


def test_the_task_that_an_alert_waits_for_is_one_that_beat_begins() -> None:
    waited_for = {name for said in _expressions() for name in re.findall(r'task="([\w.]+)"', said)}
    assert waited_for
    assert waited_for <= celery_app.conf.beat_schedule.keys()


def test_every_alert_says_what_to_look_at() -> None:
    alerts = [rule for group in _RULES["groups"] for rule in group["rules"]]
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in alerts)
    assert {rule["labels"]["severity"] for rule in alerts} <= {"page", "ticket"}


@pytest.mark.parametrize("service", ["migrate", "api", "worker", "beat", "relay"])
def test_compose_gives_a_process_settings_that_exist(service: str) -> None:
    given = {name.lower() for name in _COMPOSE["services"][service]["environment"]}
    assert given - set(Settings.model_fields) == set()


def test_compose_keeps_the_owners_address_from_what_serves() -> None:
    for name, service in _COMPOSE["services"].items():
        assert ("DATABASE_OWNER_URL" in service.get("environment", {})) == (name == "migrate")


def test_compose_has_no_default_password() -> None:
    text = (_ROOT / "docker-compose.yml").read_text()
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)(:[^}]*)?\}", text)
    optional = {
        "SMTP_PASSWORD",
        "META_APP_SECRET",
        "GOOGLE_CLIENT_SECRET",
        "TIKTOK_APP_SECRET",
        "SNAPCHAT_APP_SECRET",
    }
    assert {name for name, rest in secrets if rest != ":?" and name not in optional} == set()


def test_the_dashboards_lock_has_an_entry_for_every_platform() -> None:
    """`npm ci` refuses a lock that was written where some platform's package could not be had."""
    packages = json.loads((_ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    wanted = {name for entry in packages.values() for name in entry.get("optionalDependencies", {})}
    locked = {path.rpartition("node_modules/")[2] for path in packages}
    assert wanted - locked == set()


def test_compose_starts_the_prescribed_servers() -> None:
    services = _COMPOSE["services"]
    assert services["postgres"]["image"] == "postgres:16"
    assert "C.UTF-8" in services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert services["redis"]["image"] == "redis:7"
    assert "--maxmemory-policy noeviction" in services["redis"]["command"][2]
    assert "--appendonly yes" in services["redis"]["command"][2]


def test_the_image_copies_only_what_is_there_and_does_not_run_as_root() -> None:
    lines = (_ROOT / "backend" / "Dockerfile").read_text().splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied
    assert [name for name in copied if not (_ROOT / name).exists()] == []
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1].isdecimal()
    assert int(users[-1]) > 0
