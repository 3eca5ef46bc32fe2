"""No sealed column can be forgotten by a rotation: whatever is sealed says so in its model, and to `seal` the same."""

import ast
from collections.abc import Iterator

from sqlalchemy import ARRAY, LargeBinary

from app.base_models import Base
from app.db.sealed import sealed_columns
from app.services.admin.keys import rules
from tests.house.source import Module, modules

NOT_SEALED = {
    "api_keys.secret_hash": "a digest",
    "campaign_asset_files.content": "an image that is made to be shown to the public, in the clear",
    "cdp_audience_members.fingerprint": "a digest",
    "cdp_audience_members.next_fingerprint": "a digest",
    "cdp_event_verdicts.fingerprint": "a digest",
    "cdp_events.email_hash": "found by LOOKUP_KEY",
    "cdp_events.phone_hash": "found by LOOKUP_KEY",
    "cdp_events.user_id_hash": "found by LOOKUP_KEY",
    "cdp_sources.write_key_hash": "a digest",
    "invitations.token_hash": "a digest",
    "notification_links.token_hash": "a digest",
    "one_time_tokens.token_hash": "a digest",
    "crm_contacts.digest": "a digest",
    "platform_webhook_receipts.digest": "a digest",
    "platform_write_leases.account_hash": "a digest",
    "platform_write_leases.holder_hash": "a digest",
    "sign_in_attempts.browser_hash": "a digest",
    "trust_ledger.body": "canonical JSON, in the clear",
    "trust_ledger.hash": "a digest",
    "trust_ledger.prev_hash": "a digest",
    "trust_ledger_heads.hash": "a digest",
    "trust_policies.body": "canonical JSON, in the clear",
    "user_sessions.previous_hash": "a digest",
    "user_sessions.refresh_hash": "a digest",
    "users.mfa_backup_hashes": "digests",
    "whatsapp_accounts.verify_hash": "a digest",
    "whatsapp_people.code_hash": "a digest",
}
"""Columns of bytes that hold nothing sealed, and what they hold instead."""

NOT_STORED = {"integrations.sign_in_state": "stands in an address for ten minutes"}
"""What is sealed for a while and kept nowhere."""


def test_every_column_of_bytes_is_sealed_or_known_to_be_something_else() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
        or (isinstance(column.type, ARRAY) and isinstance(column.type.item_type, LargeBinary))
    }
    declared = {each.name for each in sealed_columns(Base.metadata) if each.sealed.path is None}
    assert found - declared == NOT_SEALED.keys()
    assert declared <= found


def test_every_purpose_that_something_is_sealed_for_belongs_to_a_column() -> None:
    used = {purpose for module in modules() for purpose in _purposes(module)}
    declared = {each.sealed.purpose.partition("{")[0] for each in sealed_columns(Base.metadata)}
    assert len(used) > 10
    assert used == declared | NOT_STORED.keys()


def test_every_path_into_a_document_is_one_that_can_be_rewritten() -> None:
    paths = {each.sealed.path for each in sealed_columns(Base.metadata)} - {None}
    assert paths == {rules.OF_VALUES, rules.OF_REGISTERS}


def _purposes(module: Module) -> Iterator[str]:
    """Of each call of `seal`, or of what runs it elsewhere; the part before what is put in."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or module.name == "app.core.security":
            continue
        called = [node.func, *node.args[:1]]
        if not any(isinstance(each, ast.Name) and each.id == "seal" for each in called):
            continue
        yield from (_text(each.value, module) for each in node.keywords if each.arg == "purpose")


def _text(node: ast.expr, module: Module) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case ast.Name(id=name):
            return _assigned(name, module)
    raise AssertionError(f"{module.name}:{node.lineno}: the purpose is no constant")


def _assigned(name: str, module: Module) -> str:
    for node in module.tree.body:
        if (
            isinstance(node, ast.Assign)
            and [each.id for each in node.targets if isinstance(each, ast.Name)] == [name]
            and isinstance(node.value, ast.Constant)
        ):
            return str(node.value.value)
    for imported, _ in module.imports():
        source, _, word = imported.rpartition(".")
        if word == name:
            return _assigned(name, next(each for each in modules() if each.name == source))
    raise AssertionError(f"{module.name}: where does {name} come from?")
