"""How much of each account is here: one statement for all of them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.db.session import TenantScope

_COUNTS = """
SELECT a.id,
  (SELECT count(*) FROM crm_contacts AS c WHERE c.tenant_id = $1 AND c.account_id = a.id),
  d.known, d.told, w.waiting, w.faults, m.created, m.failed,
  (SELECT count(*) FROM crm_departures AS g WHERE g.tenant_id = $1 AND g.account_id = a.id)
FROM unnest($2::uuid[]) AS a (id),
LATERAL (SELECT count(*) AS known, count(*) FILTER (WHERE d.told) AS told FROM crm_deals AS d
  WHERE d.tenant_id = $1 AND d.account_id = a.id) AS d,
LATERAL (SELECT count(*) FILTER (WHERE w.error_code IS NULL) AS waiting, count(w.error_code) AS faults
  FROM crm_writes AS w WHERE w.tenant_id = $1 AND w.account_id = a.id) AS w,
LATERAL (SELECT count(*) FILTER (WHERE m.state = 'created') AS created,
  count(*) FILTER (WHERE m.state = 'failed') AS failed
  FROM crm_creations AS m WHERE m.tenant_id = $1 AND m.account_id = a.id) AS m
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """`waiting` to be compared, `faults` could not be written; `not_created` are people whom the CRM did not take."""

    contacts: int
    deals: int
    deals_told: int
    waiting: int
    faults: int
    created: int
    not_created: int
    departures: int


async def counts_of(scope: TenantScope, account_ids: Collection[UUID]) -> dict[UUID, Counts]:
    driver = await scope.driver()
    rows = await driver.fetch(_COUNTS, scope.tenant_id, list(account_ids))
    return {row[0]: Counts(*row[1:]) for row in rows}
