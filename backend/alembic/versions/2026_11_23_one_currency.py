"""One currency for a tenant's limits: an amount is never read in another than it was set in."""

from alembic import op

revision = "one_currency"
down_revision = "segments"
branch_labels = None
depends_on = None

_READ = ("autopilot_settings", "ad_accounts", "campaigns")


def upgrade() -> None:
    # The owner too is bound by row-level security: what follows reads every tenant's rows.
    for table in _READ:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    # An amount in a currency that is neither the company's nor, where that has none, the account's own cannot be
    # kept as it stands: at zero it stops every raise until a person sets it anew. A campaign that named no currency
    # was read in its account's.
    op.execute(
        """
        UPDATE autopilot_settings own SET
          max_daily_budget_micros = 0 * max_daily_budget_micros,
          max_campaign_budget_micros = 0 * max_campaign_budget_micros,
          max_daily_increase_micros = 0 * max_daily_increase_micros,
          cpa_ceiling_micros = 0 * cpa_ceiling_micros
        WHERE own.applies_to <> 'tenant' AND coalesce(own.currency,
            (SELECT wider.currency FROM autopilot_settings wider JOIN campaigns campaign
               ON campaign.tenant_id = wider.tenant_id AND campaign.ad_account_id = wider.entity_id
             WHERE wider.tenant_id = own.tenant_id AND wider.applies_to = 'account' AND campaign.id = own.entity_id)
          ) <> coalesce(
            (SELECT company.currency FROM autopilot_settings company
             WHERE company.tenant_id = own.tenant_id AND company.applies_to = 'tenant'),
            (SELECT account.currency FROM ad_accounts account
             WHERE account.tenant_id = own.tenant_id AND account.id = coalesce(
               (SELECT campaign.ad_account_id FROM campaigns campaign
                WHERE campaign.tenant_id = own.tenant_id AND campaign.id = own.entity_id), own.entity_id)),
            '')
        """
    )
    op.execute("UPDATE autopilot_settings SET currency = NULL WHERE applies_to <> 'tenant'")
    for table in _READ:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(
        op.f("ck_autopilot_settings_one_currency"),
        "autopilot_settings",
        "applies_to = 'tenant' or currency is null",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_autopilot_settings_one_currency"), "autopilot_settings", type_="check")
