from app.core.errors import NotFound


class TenantNotFound(NotFound):
    """There is no such company."""

    code = "tenants.not_found"
