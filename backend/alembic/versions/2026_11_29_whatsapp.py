"""WhatsApp: a company's number, its templates, whom it may write to with receipts, and what arrived of messages."""

import sqlalchemy as sa

from alembic import op
from app.db import rls
from app.db.base import UtcDateTime

revision = "whatsapp"
down_revision = "shops"
branch_labels = None
depends_on = None

_TABLES = (
    "whatsapp_accounts",
    "whatsapp_templates",
    "whatsapp_people",
    "whatsapp_consents",
    "whatsapp_heard",
)


def _tenant() -> sa.Column[int]:
    return sa.Column(
        "tenant_id",
        sa.Integer(),
        server_default=sa.text("current_tenant()"),
        autoincrement=False,
        nullable=False,
    )


def _id() -> sa.Column[sa.Uuid]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _at(name: str, *, default: bool = False) -> sa.Column[UtcDateTime]:
    if default:
        return sa.Column(name, UtcDateTime(), server_default=sa.text("now()"), nullable=False)
    return sa.Column(name, UtcDateTime(), nullable=True)


def upgrade() -> None:
    op.create_table(
        "whatsapp_accounts",
        sa.Column("phone_number_id", sa.String(), nullable=False),
        sa.Column("waba_id", sa.String(), nullable=False),
        sa.Column("display_number", sa.String(), nullable=False),
        sa.Column("verified_name", sa.String(), nullable=False),
        sa.Column("quality", sa.String(), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("verify_hash", sa.LargeBinary(), nullable=False),
        _at("webhook_verified_at"),
        _at("heard_at"),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        _at("last_error_at"),
        _at("updated_at", default=True),
        _tenant(),
        _id(),
        _at("created_at", default=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_whatsapp_accounts")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_whatsapp_accounts_tenant_id")),
    )
    op.create_table(
        "whatsapp_templates",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        _tenant(),
        _id(),
        _at("created_at", default=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_whatsapp_templates")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_whatsapp_templates_tenant_id_name")),
    )
    op.create_table(
        "whatsapp_people",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("wa_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        _at("code_until"),
        sa.Column("wording", sa.String(), nullable=False),
        _at("confirmed_at"),
        _at("stopped_at"),
        _at("wrote_at"),
        sa.Column("falls_back", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        _at("updated_at", default=True),
        _tenant(),
        _id(),
        _at("created_at", default=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_whatsapp_people_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_whatsapp_people")),
        sa.UniqueConstraint("tenant_id", "user_id", name=op.f("uq_whatsapp_people_tenant_id_user_id")),
    )
    op.create_index(
        "ix_whatsapp_people_line",
        "whatsapp_people",
        ["tenant_id", "wa_id"],
        unique=True,
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.create_index("ix_whatsapp_people_number", "whatsapp_people", ["tenant_id", "number"], unique=False)
    op.create_table(
        "whatsapp_consents",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        _tenant(),
        _id(),
        _at("created_at", default=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_whatsapp_consents_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_whatsapp_consents")),
    )
    op.create_index(
        "ix_whatsapp_consents_newest",
        "whatsapp_consents",
        ["tenant_id", "user_id", "at", "id"],
        unique=False,
    )
    op.create_table(
        "whatsapp_heard",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        _tenant(),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_whatsapp_heard")),
    )
    op.create_index("ix_whatsapp_heard_age", "whatsapp_heard", ["tenant_id", "received_at"], unique=False)
    for table in _TABLES:
        rls.protect(op, table)
    op.add_column("notification_deliveries", sa.Column("parcel_id", sa.Uuid(), nullable=True))
    op.add_column("notification_deliveries", _at("delivered_at"))
    op.add_column("notification_deliveries", _at("read_at"))
    op.create_index(
        "ix_notification_deliveries_parcel",
        "notification_deliveries",
        ["tenant_id", "parcel_id"],
        unique=False,
        postgresql_where=sa.text("parcel_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("ALTER TABLE notification_deliveries NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM notification_deliveries WHERE channel = 'whatsapp'")
    op.execute("ALTER TABLE notification_deliveries FORCE ROW LEVEL SECURITY")
    op.drop_index(
        "ix_notification_deliveries_parcel",
        table_name="notification_deliveries",
        postgresql_where=sa.text("parcel_id IS NOT NULL"),
    )
    for column in ("read_at", "delivered_at", "parcel_id"):
        op.drop_column("notification_deliveries", column)
    op.drop_index("ix_whatsapp_heard_age", table_name="whatsapp_heard")
    op.drop_table("whatsapp_heard")
    op.drop_index("ix_whatsapp_consents_newest", table_name="whatsapp_consents")
    op.drop_table("whatsapp_consents")
    op.drop_index("ix_whatsapp_people_number", table_name="whatsapp_people")
    op.drop_index(
        "ix_whatsapp_people_line",
        table_name="whatsapp_people",
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.drop_table("whatsapp_people")
    op.drop_table("whatsapp_templates")
    op.drop_table("whatsapp_accounts")
