"""Anchors the events that were stored before identity was, and queues each of them once to be resolved.

Such an event has no anchor, so the ones that this anchors are exactly those that nobody has queued. An anonymous
visitor's key is made by the very function that ingestion uses: the two must meet.
"""

import sqlalchemy as sa

from alembic import op
from app.services.cdp.events.identifiers import anonymous_key

revision = "anchored_events"
down_revision = "event_counts"
branch_labels = None
depends_on = None

_VISITORS = """
SELECT DISTINCT anonymous_id FROM cdp_events
WHERE tenant_id = :tenant AND person_key IS NULL AND anonymous_id IS NOT NULL
  AND coalesce(user_id_hash, email_hash, phone_hash) IS NULL
"""
_ANCHOR = """
WITH visitors AS (
  SELECT anonymous_id, key FROM unnest(cast(:visitors AS text[]), cast(:keys AS uuid[])) AS v (anonymous_id, key)
), anchored AS (
  UPDATE cdp_events AS e SET person_key = coalesce(
    encode(substring(coalesce(user_id_hash, email_hash, phone_hash) FROM 1 FOR 16), 'hex')::uuid,
    (SELECT key FROM visitors WHERE visitors.anonymous_id = e.anonymous_id))
  WHERE tenant_id = :tenant AND person_key IS NULL AND (
    coalesce(user_id_hash, email_hash, phone_hash) IS NOT NULL
    OR anonymous_id IN (SELECT anonymous_id FROM visitors))
  RETURNING e.received_at, e.id
), numbered AS (
  SELECT received_at, id, (row_number() OVER (ORDER BY received_at, id) - 1) / 1000 AS part FROM anchored
)
INSERT INTO cdp_identity_queue (tenant_id, id, received_at, event_ids)
SELECT :tenant, gen_random_uuid(), array_agg(received_at), array_agg(id) FROM numbered GROUP BY part
"""


def upgrade() -> None:
    connection = op.get_bind()
    for tenant_id in connection.scalars(sa.text("SELECT id FROM tenants ORDER BY id")).all():
        # The owner too sees a tenant's rows only where that tenant is bound.
        connection.execute(
            sa.text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": str(tenant_id)}
        )
        visitors = connection.scalars(sa.text(_VISITORS), {"tenant": tenant_id}).all()
        keys = {each: key for each in visitors if (key := anonymous_key(each, tenant_id)) is not None}
        values = {"tenant": tenant_id, "visitors": list(keys), "keys": [str(key) for key in keys.values()]}
        connection.execute(sa.text(_ANCHOR), values)
    connection.execute(sa.text("SELECT set_config('app.tenant_id', '', true)"))


def downgrade() -> None:
    """An anchored event stays so: nothing is lost by it."""
