"""Consents, requests for export and erasure, tombstones, and how long a tenant keeps its events."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "consents"
down_revision = "one_currency"
branch_labels = None
depends_on = None

_TABLES = (
    "cdp_privacy_export_parts",
    "cdp_privacy_settings",
    "cdp_privacy_requests",
    "cdp_tombstones",
    "cdp_consent_settings",
    "cdp_consent_strings",
    "cdp_consents",
    "cdp_consent_receipts",
)
_APPEND_ONLY = {"cdp_consent_receipts", "cdp_tombstones"}
_FUNCTIONS = (
    "cdp_events_erase(uuid, integer)",
    "cdp_consent_receipts_erase(uuid)",
    "cdp_segment_transitions_erase(uuid)",
    "cdp_events_expire(timestamptz, integer)",
    "cdp_event_verdicts_expire(timestamptz, integer)",
)


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _number(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[int]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.Integer(), server_default=server_default, nullable=nullable)


def _json(name: str, default: str = "'{}'") -> sa.Column[object]:
    return sa.Column(
        name, postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text(default), nullable=False
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("tenant_id", *columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _consents()
    _privacy()
    for table in _TABLES:
        rls.protect(op, table, privileges=rls.APPEND_ONLY if table in _APPEND_ONLY else rls.READ_WRITE)
    # A person who is erased again, after they came back, is barred from then on.
    op.execute(f"GRANT UPDATE (before, request_id) ON cdp_tombstones TO {rls.APP_ROLE}")
    _erasing()
    _expiring()
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {rls.APP_ROLE}")


def _consents() -> None:
    op.create_table(
        "cdp_consent_receipts",
        _id("person_key"),
        _text("purpose"),
        _text("decision"),
        _time("at"),
        _time("recorded_at"),
        _text("source"),
        _text("wording_version", nullable=True),
        _json("proof"),
        _text("message_id", nullable=True),
        _id("event_id", nullable=True),
        _text("asserted_by", nullable=True),
        _tenant(),
        _id(),
        _key("cdp_consent_receipts", "id"),
    )
    op.create_index(
        "ix_cdp_consent_receipts_person", "cdp_consent_receipts", ["tenant_id", "person_key", "at", "id"]
    )
    op.create_table(
        "cdp_consents",
        _id("person_key"),
        _text("purpose"),
        _time("granted_at", nullable=True),
        _text("granted_source", nullable=True),
        _time("refused_at", nullable=True),
        _text("refused_source", nullable=True),
        _tenant(),
        _key("cdp_consents", "person_key", "purpose"),
    )
    op.create_table(
        "cdp_consent_strings",
        _id("person_key"),
        _text("kind"),
        _text("value"),
        _time("at"),
        _text("message_id"),
        _tenant(),
        _key("cdp_consent_strings", "person_key", "kind"),
    )
    op.create_table(
        "cdp_consent_settings",
        _json("policy"),
        _json("categories"),
        _number("version", "1"),
        _time("updated_at"),
        _text("updated_by"),
        _tenant(),
        _key("cdp_consent_settings"),
    )


def _privacy() -> None:
    op.create_table(
        "cdp_tombstones",
        _id("key"),
        _time("before"),
        _id("request_id"),
        _tenant(),
        _key("cdp_tombstones", "key"),
    )
    op.create_table(
        "cdp_privacy_requests",
        _text("kind"),
        _text("status"),
        _id("profile_id"),
        sa.Column("subject_keys", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        _text("reason"),
        _text("requested_by"),
        _time("requested_at"),
        _time("finished_at", nullable=True),
        _time("expires_at", nullable=True),
        _number("steps_done", "0"),
        _number("steps_total", "0"),
        _json("steps", "'[]'"),
        sa.Column("certificate", sa.Text(), nullable=True),
        _text("signature", nullable=True),
        _tenant(),
        _id(),
        _key("cdp_privacy_requests", "id"),
    )
    op.create_index(
        "ix_cdp_privacy_requests_newest", "cdp_privacy_requests", ["tenant_id", "requested_at", "id"]
    )
    op.create_index(
        "ix_cdp_privacy_requests_subject_keys",
        "cdp_privacy_requests",
        ["subject_keys"],
        postgresql_using="gin",
    )
    op.create_table(
        "cdp_privacy_export_parts",
        _id("request_id"),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        _text("section"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _tenant(),
        sa.ForeignKeyConstraint(
            ["tenant_id", "request_id"],
            ["cdp_privacy_requests.tenant_id", "cdp_privacy_requests.id"],
            name=op.f("fk_cdp_privacy_export_parts_tenant_id_cdp_privacy_requests"),
            ondelete="CASCADE",
        ),
        _key("cdp_privacy_export_parts", "request_id", "number"),
    )
    op.create_table(
        "cdp_privacy_settings",
        _number("event_days", nullable=True),
        _number("verdict_days", nullable=True),
        _number("export_hours", "72"),
        _time("updated_at"),
        _text("updated_by"),
        _tenant(),
        _key("cdp_privacy_settings"),
    )


def _erasing() -> None:
    """Events, receipts and the segments' log are append-only: the application may delete those of a person whom a request names.

    They run as their owner, who is held to the tenant's policy like everybody; the tenant is spelled out as well.
    """
    op.execute(
        """
        CREATE FUNCTION cdp_events_erase(request uuid, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE erased integer;
        BEGIN
          WITH doomed AS (
            SELECT e.received_at, e.id FROM cdp_tombstones t
            JOIN cdp_events e ON e.tenant_id = t.tenant_id AND e.person_key = t.key
              AND (e.event_time < t.before OR e.received_at < t.before)
            WHERE t.tenant_id = (SELECT current_tenant()) AND t.request_id = request
            LIMIT most)
          DELETE FROM cdp_events AS e USING doomed
          WHERE e.tenant_id = (SELECT current_tenant()) AND e.received_at = doomed.received_at AND e.id = doomed.id;
          GET DIAGNOSTICS erased = ROW_COUNT;
          RETURN erased;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION cdp_consent_receipts_erase(request uuid) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE erased integer;
        BEGIN
          DELETE FROM cdp_consent_receipts AS r USING cdp_tombstones AS t
          WHERE r.tenant_id = (SELECT current_tenant()) AND t.tenant_id = r.tenant_id AND t.request_id = request
            AND r.person_key = t.key AND r.at < t.before;
          GET DIAGNOSTICS erased = ROW_COUNT;
          RETURN erased;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION cdp_segment_transitions_erase(request uuid) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE erased integer;
        BEGIN
          DELETE FROM cdp_segment_transitions AS s USING cdp_tombstones AS t
          WHERE s.tenant_id = (SELECT current_tenant()) AND t.tenant_id = s.tenant_id AND t.request_id = request
            AND s.profile_id = t.key AND s.at < t.before;
          GET DIAGNOSTICS erased = ROW_COUNT;
          RETURN erased;
        END $$
        """
    )


def _expiring() -> None:
    """A tenant may keep its events for a shorter time than the platform; never for less than a day."""
    op.execute(
        """
        CREATE FUNCTION cdp_events_expire(until timestamptz, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE expired integer;
        BEGIN
          WITH old AS (
            SELECT received_at, id FROM cdp_events
            WHERE tenant_id = (SELECT current_tenant()) AND received_at < least(until, now() - interval '1 day')
            ORDER BY received_at LIMIT most)
          DELETE FROM cdp_events AS e USING old
          WHERE e.tenant_id = (SELECT current_tenant()) AND e.received_at = old.received_at AND e.id = old.id;
          GET DIAGNOSTICS expired = ROW_COUNT;
          RETURN expired;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION cdp_event_verdicts_expire(until timestamptz, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE expired integer;
        BEGIN
          DELETE FROM cdp_event_verdicts AS v
          WHERE v.tenant_id = (SELECT current_tenant()) AND v.id = ANY (ARRAY(
            SELECT id FROM cdp_event_verdicts
            WHERE tenant_id = (SELECT current_tenant()) AND last_at < least(until, now() - interval '1 day')
            LIMIT most));
          GET DIAGNOSTICS expired = ROW_COUNT;
          RETURN expired;
        END $$
        """
    )


def downgrade() -> None:
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in _TABLES:
        op.drop_table(table)
