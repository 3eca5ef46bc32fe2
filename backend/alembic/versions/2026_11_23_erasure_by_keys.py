"""An erasure deletes what its own keys name, whichever request buried them last.

Two requests for one person bury the same keys, and a tombstone knows the later one alone: the earlier would say that
it erased what it left. And what was stored but not yet resolved while a person was erased goes when it is resolved,
also where it only names them beside somebody else.
"""

from alembic import op
from app.db import rls

revision = "erasure_by_keys"
down_revision = "consents"
branch_labels = None
depends_on = None

_BY_KEYS = """cdp_privacy_requests AS asked JOIN cdp_tombstones AS t ON t.tenant_id = asked.tenant_id
    AND asked.kind = 'erasure' AND t.key = ANY (asked.subject_keys)"""
_BY_REQUEST = """(SELECT tenant_id, request_id AS id FROM cdp_tombstones GROUP BY 1, 2) AS asked
    JOIN cdp_tombstones AS t ON t.tenant_id = asked.tenant_id AND t.request_id = asked.id"""


_BAR = "cdp_events_bar(timestamptz[], uuid[])"


def upgrade() -> None:
    _erasing(_BY_KEYS)
    op.execute(
        """
        CREATE FUNCTION cdp_events_bar(received timestamptz[], ids uuid[]) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE barred integer;
        BEGIN
          DELETE FROM cdp_events AS e USING unnest(received, ids) AS queued (received_at, id)
          WHERE e.tenant_id = (SELECT current_tenant()) AND e.received_at = queued.received_at AND e.id = queued.id
            AND EXISTS (SELECT FROM cdp_tombstones AS t
              WHERE t.tenant_id = (SELECT current_tenant()) AND t.before > e.event_time
                AND t.key = ANY (ARRAY[e.person_key, encode(substr(e.user_id_hash, 1, 16), 'hex')::uuid,
                  encode(substr(e.email_hash, 1, 16), 'hex')::uuid,
                  encode(substr(e.phone_hash, 1, 16), 'hex')::uuid]));
          GET DIAGNOSTICS barred = ROW_COUNT;
          RETURN barred;
        END $$
        """
    )
    op.execute(f"REVOKE ALL ON FUNCTION {_BAR} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_BAR} TO {rls.APP_ROLE}")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_BAR}")
    _erasing(_BY_REQUEST)


def _erasing(buried: str) -> None:
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION cdp_events_erase(request uuid, most integer) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE erased integer;
        BEGIN
          WITH doomed AS (
            SELECT e.received_at, e.id FROM {buried}
            JOIN cdp_events e ON e.tenant_id = t.tenant_id AND e.person_key = t.key
              AND (e.event_time < t.before OR e.received_at < t.before)
            WHERE asked.tenant_id = (SELECT current_tenant()) AND asked.id = request
            LIMIT most)
          DELETE FROM cdp_events AS e USING doomed
          WHERE e.tenant_id = (SELECT current_tenant()) AND e.received_at = doomed.received_at AND e.id = doomed.id;
          GET DIAGNOSTICS erased = ROW_COUNT;
          RETURN erased;
        END $$
        """  # noqa: S608  (constants, and so below)
    )
    for table, person in (("cdp_consent_receipts", "person_key"), ("cdp_segment_transitions", "profile_id")):
        op.execute(
            f"""
            CREATE OR REPLACE FUNCTION {table}_erase(request uuid) RETURNS integer
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
            DECLARE erased integer;
            BEGIN
              DELETE FROM {table} AS theirs USING {buried}
              WHERE theirs.tenant_id = (SELECT current_tenant()) AND asked.tenant_id = theirs.tenant_id
                AND asked.id = request AND theirs.{person} = t.key AND theirs.at < t.before;
              GET DIAGNOSTICS erased = ROW_COUNT;
              RETURN erased;
            END $$
            """  # noqa: S608
        )
