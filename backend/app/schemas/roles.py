"""The roles that a membership can have: superadmin is no membership."""

from typing import Literal

from app.auth.permissions import Role

MemberRole = Literal[Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ADMIN]
