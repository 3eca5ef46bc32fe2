"""What each mail says. Pure."""

from enum import StrEnum


class MailKind(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a kind of mail)
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (a kind of mail)
    INVITATION = "invitation"


_PATHS = {
    MailKind.VERIFY_EMAIL: "/verify-email",
    MailKind.RESET_PASSWORD: "/reset-password",
    MailKind.ALREADY_REGISTERED: "/forgot-password",
    MailKind.PASSWORD_CHANGED: "/forgot-password",
    MailKind.INVITATION: "/accept-invitation",
}

_SUBJECTS = {
    MailKind.VERIFY_EMAIL: "Verify your address",
    MailKind.RESET_PASSWORD: "Set a new password",
    MailKind.ALREADY_REGISTERED: "You have an account already",
    MailKind.PASSWORD_CHANGED: "Your password was changed",
    MailKind.INVITATION: "You are invited to {company}",
}

_BODIES = {
    MailKind.VERIFY_EMAIL: (
        "Open this link within 48 hours to verify your address, then sign in:\n\n{link}\n\n"
        "If you did not register, ignore this mail: without the link nobody can sign in.\n"
    ),
    MailKind.RESET_PASSWORD: (
        "Open this link within an hour to set a new password; every session will end:\n\n{link}\n\n"
        "If you did not ask for it, ignore this mail: your password stays as it is.\n"
    ),
    MailKind.ALREADY_REGISTERED: (
        "Somebody, perhaps you, tried to register with this address. You have an account: sign in, or set a new "
        "password here:\n\n{link}\n"
    ),
    MailKind.PASSWORD_CHANGED: (
        "Your password was changed and every session has ended. If that was not you, set a new one now:\n\n{link}\n"
    ),
    MailKind.INVITATION: (
        "You are invited to work in {company} on Stratum. Open this link within seven days to accept:\n\n{link}\n"
    ),
}


def subject(kind: MailKind, *, company: str) -> str:
    return _SUBJECTS[kind].format(company=" ".join(company.split()))


def body(kind: MailKind, *, name: str, company: str, link: str) -> str:
    greeting = f"Hello {name},\n\n" if name else "Hello,\n\n"
    return greeting + _BODIES[kind].format(company=company, link=link)


def link(public_url: str, kind: MailKind, token: str | None) -> str:
    page = f"{public_url.rstrip('/')}{_PATHS[kind]}"
    return f"{page}?token={token}" if token else page
