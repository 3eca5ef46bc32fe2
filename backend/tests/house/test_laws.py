"""The laws of the layers that import-linter cannot say: who may touch what, and where a thing stands."""

import ast
from collections import Counter
from pathlib import Path

from tests.house.source import BACKEND, Module, addresses, below, modules

_SPEAKS_HTTP = ("app.services.integrations", "app.services.notifications")
_HTTP_CLIENTS = frozenset(
    {"httpx2", "aiohttp", "requests", "slack_sdk", "stripe", "aiosmtplib", "facebook_business"}
)
_IMPURE = frozenset(
    {"sqlalchemy", "asyncpg", "redis", "httpx2", "structlog", "celery", "time", "random", "secrets", "os"}
)
_IMPURE_APP = ("app.db", "app.models", "app.core.clock", "app.core.redis", "app.core.config", "app.auth")
_NO_NAMES = frozenset({"utils", "helpers", "common", "manager", "misc"})
_DOORS = frozenset({"service", "errors", "ports", "permits"})
_VALUES = frozenset({"rules", "facts", "measurements", "permits"})
"""Pure values and rules: shared within one area, whose features decide from one another's evidence."""

_PERMITS = ("app.services.trust_engine.gate.permits", "app.services.trust_engine.gate.desk")
"""What a change is, in bytes, and the desk that connectors show a permit to: a door narrower than the gate's."""


def _top(name: str) -> str:
    return name.partition(".")[0]


def _is_words(name: str) -> bool:
    return "kinds" in name.split(".")


def _feature_of(parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The longest feature address that a dotted path below `app.services` lies in."""
    inside = parts[2:]
    matches = [each for each in addresses() if inside[: len(each)] == each]
    return max(matches, key=len, default=None)


def test_in_services_only_repositories_speak_sql() -> None:
    offences = [
        f"{module.name}:{line} imports {name}"
        for module in below("app.services.")
        if not module.parts[-1].endswith("repository") and "repository" not in module.parts
        for name, line in module.imports()
        if _top(name) in {"sqlalchemy", "asyncpg"}
    ]
    assert offences == []


def _rules() -> list[Module]:
    """`rules` modules, and whatever stands in a package of that name; the feature `rules` is more than its rules."""
    return [
        module
        for module in below("app.services.")
        if any(part.endswith("rules") for part in module.parts[2 + len(_feature_of(module.parts) or ()) :])
    ]


def test_rules_are_pure() -> None:
    offences = [
        f"{module.name}:{line} imports {name}"
        for module in _rules()
        for name, line in module.imports()
        if (_top(name) in _IMPURE or name.startswith(_IMPURE_APP)) and not _is_words(name)
    ]
    assert offences == []


def test_rules_are_told_the_time() -> None:
    asked = [
        place for module in _rules() for verb in ("now", "today", "utcnow") for place in _calls(module, verb)
    ]
    assert asked == []


def test_words_are_only_words() -> None:
    """`kinds` under `models` hold enums alone, so that rules may speak them."""
    offences = [
        f"{module.name}:{line} imports {name}"
        for module in below("app.models.")
        if module.parts[-1] == "kinds"
        for name, line in module.imports()
        if _top(name) not in {"enum", "collections", "typing"}
    ]
    assert offences == []


def test_http_clients_stay_with_the_vendors() -> None:
    offences = [
        f"{module.name}:{line} imports {name}"
        for module in modules()
        if not module.name.startswith(_SPEAKS_HTTP)
        for name, line in module.imports()
        if _top(name) in _HTTP_CLIENTS
    ]
    assert offences == []


def test_a_feature_reaches_another_only_through_its_door() -> None:
    offences = []
    for module in below("app.services."):
        own = _feature_of(module.parts)
        for name, line in module.imports():
            if not name.startswith("app.services."):
                continue
            parts = tuple(name.split("."))
            target = _feature_of(parts)
            if target is None or own is None or target == own or target[: len(own)] == own:
                continue
            if own[: len(target)] == target:
                continue
            beyond = parts[2 + len(target) :]
            if beyond and beyond[0] in _VALUES and own[:1] == target[:1]:
                continue
            if name.startswith(_PERMITS):
                continue
            if beyond and beyond[0] not in _DOORS:
                offences.append(f"{module.name}:{line} imports {name}")
    assert offences == []


def test_every_endpoint_has_its_service_and_its_tests() -> None:
    missing = []
    for module in below("app.api.v1.endpoints."):
        address = module.parts[4:]
        if module.path.name == "__init__.py":
            continue
        if not (BACKEND / "app" / "services" / Path(*address) / "service.py").exists():
            missing.append(f"services/{'/'.join(address)}/service.py")
        tests = BACKEND / "tests" / "api" / Path(*address)
        if not (tests.is_dir() or tests.with_name(f"test_{tests.name}.py").exists()):
            missing.append(f"tests/api/{'/'.join(address)}")
    assert missing == []


def test_nothing_is_called_by_a_name_that_says_nothing() -> None:
    allowed = {"app.db.utils"}
    offences = [
        module.name
        for module in modules()
        if module.name not in allowed
        and (module.parts[-1] in _NO_NAMES or module.parts[-1].endswith(("_v2", "_legacy")))
    ]
    assert offences == []


def _calls(module: Module, attribute: str) -> list[str]:
    return [
        f"{module.name}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute
    ]


def test_tasks_leave_through_the_outbox_alone() -> None:
    offences = [
        place
        for module in modules()
        if not module.name.startswith("app.workers")
        for verb in ("delay", "apply_async", "send_task")
        for place in _calls(module, verb)
    ]
    assert offences == []


def test_only_scopes_commit() -> None:
    doors = {"app.db.session"}
    offences = [
        place for module in modules() if module.name not in doors for place in _calls(module, "commit")
    ]
    assert offences == []


def test_yield_dependencies_finish_before_the_answer_leaves() -> None:
    """A `yield` dependency that exits later would answer 200 to a commit that then fails."""
    generators = {
        node.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        and any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
    }
    offences = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and _last_word(node.func) == "Depends"
        and node.args
        and _last_word(node.args[0]) in generators
        and not any(
            keyword.arg == "scope"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value == "function"
            for keyword in node.keywords
        )
    ]
    assert offences == []


def _last_word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_only_the_gate_mints_permits() -> None:
    """Whoever else could mint one could change an ad account without a decision."""
    minting = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ImportFrom) and any(each.name == "mint" for each in node.names))
        or (isinstance(node, ast.Attribute) and node.attr == "mint")
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TrustPermit")
    }
    assert minting == {"app.services.trust_engine.gate.service", "app.services.trust_engine.gate.desk"}


def test_a_code_is_one_error() -> None:
    """Programs branch on it: two classes with one code are one error said in two ways."""
    codes = Counter(
        statement.value.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and _last_word(statement.targets[0]) == "code"
        and isinstance(statement.value, ast.Constant)
    )
    assert [code for code, classes in codes.items() if classes > 1] == []
