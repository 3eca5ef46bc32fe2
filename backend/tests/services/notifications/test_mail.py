import pytest
from prometheus_client import REGISTRY

from app.core.config import Settings
from app.services.notifications.mail import rules
from app.services.notifications.mail.log import LogMailer
from app.services.notifications.mail.rules import MailKind
from app.services.notifications.mail.service import MailService, mailer_from
from app.workers import tasks
from app.workers.handlers import HANDLERS
from tests.factories.access import Company
from tests.sandbox_process import Sandbox


def sent(kind: MailKind) -> float:
    """How many of them this process has counted."""
    return REGISTRY.get_sample_value("stratum_mails_total", {"kind": kind}) or 0


async def test_a_mail_arrives_in_the_sandboxs_mailbox(
    acme: Company, settings: Settings, sandbox: Sandbox
) -> None:
    here = settings.model_copy(update={"smtp_port": sandbox.smtp_port})
    person = acme.person()
    await MailService(acme.scopes, mailer_from(here), here).send(MailKind.PASSWORD_CHANGED, user_id=person.id)
    [mail] = sandbox.mails(person.email)
    assert mail["subject"] == "Your password was changed"
    assert f"{settings.public_url}/forgot-password" in mail["text"]


async def test_without_a_mail_server_nothing_leaves_and_none_is_counted(
    acme: Company, settings: Settings, sandbox: Sandbox
) -> None:
    quiet = settings.model_copy(update={"mail_transport": "log"})
    mailer = mailer_from(quiet)
    assert isinstance(mailer, LogMailer)
    counted = sent(MailKind.PASSWORD_CHANGED)
    await MailService(acme.scopes, mailer, quiet).send(MailKind.PASSWORD_CHANGED, user_id=acme.person().id)
    assert sandbox.mails(acme.person().email) == []
    assert sent(MailKind.PASSWORD_CHANGED) == counted


def test_the_task_that_services_enqueue_has_its_handler() -> None:
    assert tasks.notifications_tasks.send_mail is HANDLERS["notifications.send_mail"].function


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_of_mail_says_what_to_do_and_where(kind: MailKind) -> None:
    link = rules.link("https://stratum.example/", kind, "t0ken")
    body = rules.body(kind, name="Ada", company="Acme", link=link)
    assert link in body
    assert "{" not in body + rules.subject(kind, company="Acme")


def test_a_companys_name_breaks_no_header() -> None:
    assert rules.subject(MailKind.INVITATION, company="Acme\r\nBcc: x@y.example") == (
        "You are invited to Acme Bcc x y example"
    )


_LURE = (
    "You won! Claim at https://evil.example/win or www.evil.example, mail a@evil.example\r\n\r\n"
    '<a href="//evil.example">here</a>\u202e\u200b\u2028' + "!" * 200
)


@pytest.mark.parametrize("kind", MailKind)
def test_a_name_brings_no_text_of_its_own_into_a_mail(kind: MailKind) -> None:
    """Who registers or invites chooses it, and a stranger reads it under our address."""
    link = rules.link("https://stratum.example", kind, "t0ken")
    body = rules.body(kind, name=_LURE, company=_LURE, link=link).replace(link, "")
    subject = rules.subject(kind, company=_LURE)
    for text in (body, subject):
        for part in ("://", "evil.example", "@", "<", ">", "\u202e", "\u200b", "\u2028", "\r"):
            assert part not in text
    plain = rules.body(kind, name="Ada", company="Acme", link=link).replace(link, "")
    assert len(body) <= len(plain) + 2 * 60
    assert body.count("\n") == plain.count("\n")
    assert len(subject) <= len("You are invited to ") + 60


def test_ordinary_names_stay_as_they_are() -> None:
    for name in (
        "Nora New",
        "Zoë O'Neill-Sørensen",
        "Dr. Søren Ø",
        "山田 太郎",
        "New & Sons, Inc.",
        "D'Arcy",
    ):
        assert rules.plain_name(name) == name


@pytest.mark.parametrize("kind", [MailKind.VERIFY_EMAIL, MailKind.RESET_PASSWORD, MailKind.INVITATION])
def test_a_mail_to_an_unproven_address_repeats_no_name_of_somebodys_choice(kind: MailKind) -> None:
    assert "Mallory" not in rules.body(kind, name="Mallory", company="Acme", link="https://stratum.example")
