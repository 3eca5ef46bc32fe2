from app.db.session import TenantScope
from app.models.audit_logs import AuditLogEntry


class AuditLogRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    def append(self, entry: AuditLogEntry) -> None:
        self._session.add(entry)
