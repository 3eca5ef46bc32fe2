"""The doors that are few on purpose: to tenants' rows, to Redis, to ad accounts. Who opens one stands on a list."""

import ast
from collections.abc import Iterable, Iterator
from itertools import chain

from tests.house.source import Module, below, modules

_DATABASE = ("app.db.",)
_OPENERS = {
    "open_scope": {
        "app.api.deps": "a request's tenant is its principal's",
        "app.auth.principals": "tokens and keys name their tenant",
        "app.auth.streams": "who may go on listening",
        "app.services.trust_engine.gate.verifying": "`stratum trust verify`, tenant by tenant",
        "app.workers.runtime": "a task's tenant stands in its row",
    },
    "platform_scope": {"app.workers.relay": "moves every tenant's outbox, under its own role"},
    "make_engine": {
        "app.api.state": "one for all requests",
        "app.services.admin.system.service": "`stratum doctor`",
        "app.workers.relay": "the relay's own role",
        "app.workers.runtime": "one per worker process",
    },
}
"""Each door to the database, and who opens it beside `app.db` itself."""

_RAW = {"AsyncSession", "create_async_engine", "create_engine", "create_pool"}
_RUNS_SQL = {
    *("execute", "executemany", "scalar", "scalars", "stream_scalars", "get_one"),
    *("fetch", "fetchrow", "fetchval", "copy_records_to_table", "copy_to_table"),
}
_REDIS_OWNERS = {"redis", "_redis", "pipe"}
_NO_KEY = {"aclose", "execute", "ping", "pipeline", "register_script", "time", "xread"}
_KEY_BUILDERS = {"tenant_key", "live_stream", "key", "channel"}
_SENDS = {
    "write",
    "fill",
    "once",
    "post",
    "put",
    "patch",
    "delete",
    "request",
    "stream",
    "send",
    "_request",
    "_exchange",
}
_WAYS_OUT = {
    "app.services.integrations.meta.audiences.MetaAudiences._delete: delete": "audiences carry consent receipts",
    "app.services.integrations.meta.audiences.MetaAudiences._post: post": "audiences carry consent receipts",
    "app.services.integrations.google.account.GoogleAccount.send: write": "behind a permit",
    "app.services.integrations.google.transport.GoogleTransport.change_members: once": "consent, not permits",
    "app.services.integrations.google.transport.GoogleTransport.user_lists: once": "consent, not permits",
    "app.services.integrations.google.transport.GoogleTransport.ingest: once": "conversions carry consent, not permits",
    "app.services.integrations.google.transport.GoogleTransport.sign_in: once": "fetches a token, or gives ours up",
    "app.services.integrations.google.transport.GoogleTransport.write: write": "behind the permit",
    "app.services.integrations.hubspot.writing.HubSpotWriter.change: post": "contacts and deals, no ad account",
    "app.services.integrations.hubspot.writing.HubSpotWriter.create_contacts: post": "contacts, no ad account",
    "app.services.integrations.salesforce.writing.SalesforceWriter.change: send": "contacts and deals, no ad account",
    "app.services.integrations.salesforce.writing.SalesforceWriter.create_contacts: send": "contacts, no ad account",
    "app.services.integrations.meta.client.MetaClient.send_events: post": "conversions carry consent, not permits",
    "app.services.integrations.meta.account.MetaAccount.send: write": "behind a permit",
    "app.services.integrations.meta.reports.Reports._made: post": "asks for a report",
    "app.services.integrations.meta.sign_in.MetaSignIn.revoke: delete": "gives our own access up",
    "app.services.integrations.meta.transport.GraphTransport.delete: once": "behind those above",
    "app.services.integrations.meta.transport.GraphTransport.post: once": "behind those above",
    "app.services.integrations.meta.transport.GraphTransport.write: write": "behind the permit",
    "app.services.integrations.tiktok.audiences.TikTokAudiences._post: post": "audiences carry consent receipts",
    "app.services.integrations.tiktok.change_log.ChangeLogs.text: post": "asks for a file of what was changed",
    "app.services.integrations.tiktok.client.TikTokClient._send: write": "behind a permit",
    "app.services.integrations.tiktok.client.TikTokClient.send_events: post": "conversions carry consent, not permits",
    "app.services.integrations.tiktok.sign_in.TikTokSignIn.exchange_code: post": "a code for a token",
    "app.services.integrations.tiktok.sign_in.TikTokSignIn.revoke: post": "gives our own access up",
    "app.services.integrations.tiktok.transport.BusinessTransport.post: once": "behind the posts above",
    "app.services.integrations.tiktok.transport.BusinessTransport.write: write": "behind the permit",
    "app.services.integrations.snapchat.audiences.SnapchatAudiences._send: send": "audiences carry consent receipts",
    "app.services.integrations.snapchat.account.SnapchatAccount.leave: write": "behind a permit",
    "app.services.integrations.snapchat.client.SnapchatClient.send_events: post": "consent, not permits",
    "app.services.integrations.snapchat.transport.SnapchatTransport.exchange: once": "a code for a token",
    "app.services.integrations.snapchat.transport.SnapchatTransport.post: once": "behind send_events",
    "app.services.integrations.snapchat.transport.SnapchatTransport.send: once": "behind the audiences",
    "app.services.integrations.snapchat.transport.SnapchatTransport.write: write": "behind the permit",
    "app.services.integrations.snapchat.account.SnapchatAccount.fill: fill": "behind the image's permit",
    "app.services.integrations.snapchat.transport.SnapchatTransport.fill: write": "behind the image's permit",
    "app.services.integrations.wire.Wire._exchange: stream": "the one request",
    "app.services.integrations.webhooks.service.post: stream": "a webhook, at the customer's own address",
}
"""Every call that may send more than a question to a platform, and why it may."""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(node: ast.expr) -> str:
    """The last word of what is called, or asked for it: `send` of `self._http.send`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _owner(call: ast.Call) -> str:
    return _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _functions(tree: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
    """Each function with its dotted name; what stands in a nested one belongs to it too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{within}.{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, node
            yield from _functions(node, name)


def test_few_open_a_door_to_the_database() -> None:
    for door, openers in _OPENERS.items():
        found = {
            module.name
            for module in modules()
            if not module.name.startswith(_DATABASE)
            for call in _calls(module.tree)
            if _name(call.func) == door
        }
        assert found == openers.keys(), door


def test_sessions_and_engines_are_made_in_one_place() -> None:
    offences = [
        f"{module.name}:{call.lineno}"
        for module in modules()
        if not module.name.startswith(_DATABASE)
        for call in _calls(module.tree)
        if _name(call.func) in _RAW
    ]
    assert offences == []


def test_statements_are_run_by_repositories_alone() -> None:
    """A service that imports no SQL may still be handed a session."""
    offences = [
        f"{module.name}:{call.lineno}"
        for module in chain(below("app.services."), below("app.api."), below("app.workers."))
        if "repository" not in module.name
        for call in _calls(module.tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in _RUNS_SQL
        and _owner(call) not in _REDIS_OWNERS
    ]
    assert offences == []


def test_every_redis_name_comes_from_the_scopes_builders() -> None:
    offences = [
        f"{module.name}:{call.lineno}"
        for module in modules()
        for _, function in _functions(module.tree, module.name)
        for call in _calls(function)
        if _owner(call) in _REDIS_OWNERS and _name(call.func) not in _NO_KEY
        if not call.args or not _is_built(call.args[0], function, module)
    ]
    assert offences == []


def _is_built(name: ast.expr, function: ast.AST, module: Module) -> bool:
    """Whether a Redis name is a parameter, a builder's answer, or one of these with something behind it."""
    match name:
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]):
            parts = [first]
        case ast.Starred(value=inner) | ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
            parts = [inner]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            pass
        case ast.Name(id=variable):
            parts = list(_assigned(variable, function))
        case ast.Call(func=called):
            return _name(called) in _KEY_BUILDERS or _returns_built(_name(called), module)
        case _:
            return False
    return all(_is_built(part, function, module) for part in parts)


def _assigned(name: str, function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        targets: Iterable[ast.expr] = ()
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = (node.target,)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield from (node.value for target in targets if _name(target) == name)


def _returns_built(function_name: str, module: Module) -> bool:
    """A function of the same module that answers with a builder's name."""
    return any(
        isinstance(node, ast.Return) and node.value is not None and _is_built(node.value, function, module)
        for name, function in _functions(module.tree, "")
        if name.rpartition(".")[2] == function_name
        for node in ast.walk(function)
    )


def test_whatever_may_change_something_at_a_platform_is_known_by_name() -> None:
    """A method that posts by another way than `write` would need no permit, and no test of permits would see it."""
    found = {
        f"{name}: {_name(call.func)}"
        for module in below("app.services.integrations.")
        for name, function in _functions(module.tree, module.name)
        for call in _calls(function)
        if _owner(call)
        in {"_transport", "transport", "_wire", "wire", "_http", "http", "_graph", "receivers"}
        and _name(call.func) in _SENDS
    }
    assert found == _WAYS_OUT.keys()
