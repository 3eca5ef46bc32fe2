from app.core.errors import Conflict, Forbidden, NotFound


class MemberNotFound(NotFound):
    """There is no such member here."""

    code = "users.not_found"


class MemberProtected(Forbidden):
    """This person is protected: only a superadmin may change them."""

    code = "users.protected"


class RoleAboveOwn(Forbidden):
    """Nobody gives, takes or changes a role above their own."""

    code = "users.role_above_own"


class LastAdmin(Conflict):
    """A company keeps at least one active admin: name another first."""

    code = "users.last_admin"
