"""The tenant's own words on campaigns, which no platform knows of."""

from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt, TenantKeyed, TenantOwned, tenant_fk


class CampaignLabel(TenantOwned, CreatedAt, Base):
    __tablename__ = "campaign_labels"
    __table_args__ = (Index("uq_campaign_labels_name", "tenant_id", text("lower(name)"), unique=True),)

    name: Mapped[str]
    created_by: Mapped[str]


class CampaignLabelLink(TenantKeyed, Base):
    """A label on a campaign."""

    __tablename__ = "campaign_label_links"
    __table_args__ = (
        tenant_fk("label_id", "campaign_labels", ondelete="CASCADE"),
        tenant_fk("campaign_id", "campaigns", ondelete="CASCADE"),
        Index("ix_campaign_label_links_campaign", "tenant_id", "campaign_id"),
    )

    label_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
