"""Funnels that people saved."""

from sqlalchemy import Index, func

from app.models.cdp.saved import SavedQuestion


class CdpFunnel(SavedQuestion):
    __tablename__ = "cdp_funnels"


Index("uq_cdp_funnels_name", CdpFunnel.tenant_id, func.lower(CdpFunnel.name), unique=True)
