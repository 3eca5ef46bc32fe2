"""What each mail says. Pure.

Who registers or invites chooses a name, and somebody else reads it under our address: a name says who it is, on one
line, and nothing that a mail program turns into a link.
"""

import re
import unicodedata
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


_LONGEST_NAME = 60
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINKED = re.compile(r"[:/\\@<>]|(?<=[^\s.])[.](?=[^\s.])")
"""What makes a link of words: a scheme, a path, an address, a dot between two letters."""
_PROVEN = frozenset({MailKind.ALREADY_REGISTERED, MailKind.PASSWORD_CHANGED})
"""Mails to the proven owner of an account. The others go to whomever somebody named: they greet nobody."""


def subject(kind: MailKind, *, company: str) -> str:
    return _SUBJECTS[kind].format(company=plain_name(company) or "Stratum")


def body(kind: MailKind, *, name: str, company: str, link: str) -> str:
    called = plain_name(name) if kind in _PROVEN else ""
    greeting = f"Hello {called},\n\n" if called else "Hello,\n\n"
    return greeting + _BODIES[kind].format(company=f"“{plain_name(company)}”", link=link)


def plain_name(text: str) -> str:
    """A name as a mail may show it: one line, at most 60 characters, no links, nothing unseen.

    >>> plain_name("Win at https://evil.example/x now")
    'Win at https evil example x now'
    """
    seen = "".join(
        " " if each.isspace() else each
        for each in unicodedata.normalize("NFKC", text)
        if each.isspace() or unicodedata.category(each) not in _UNSEEN
    )
    name = " ".join(_LINKED.sub(" ", seen).split())
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip() + "…"


def link(public_url: str, kind: MailKind, token: str | None) -> str:
    page = f"{public_url.rstrip('/')}{_PATHS[kind]}"
    return f"{page}?token={token}" if token else page
