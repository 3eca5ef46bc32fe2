"""Retention reports that people saved."""

from sqlalchemy import Index, func

from app.models.cdp.saved import SavedQuestion


class CdpRetentionReport(SavedQuestion):
    __tablename__ = "cdp_retention_reports"


Index(
    "uq_cdp_retention_reports_name",
    CdpRetentionReport.tenant_id,
    func.lower(CdpRetentionReport.name),
    unique=True,
)
