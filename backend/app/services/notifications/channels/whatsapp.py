"""One message in WhatsApp: as text within a day of what the person wrote, else by a template that Meta approved."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.core.config import Settings
from app.core.security import Unsealable
from app.db.session import TenantScope
from app.models.notifications.kinds import DeliveryKind
from app.services.notifications.channels.falling_back import fall_back
from app.services.notifications.channels.rules import Item, Outcome
from app.services.notifications.cloud_api.client import WhatsAppClient
from app.services.notifications.cloud_api.codes_rules import Fate, Verdict, verdict
from app.services.notifications.cloud_api.keys import MakeWhatsApp, credentials_of
from app.services.notifications.cloud_api.ports import Credentials, WhatsApp, WhatsAppMessage, WhatsAppRefused
from app.services.notifications.cloud_api.repository import AccountRepository, PeopleRepository
from app.services.notifications.cloud_api.rules import answer_words, is_open
from app.services.notifications.cloud_api.templates_rules import as_text, filled, fitting

NOT_CONNECTED = Outcome(
    "whatsapp_not_connected", "No WhatsApp number is connected, or it is switched off.", permanent=True
)
_SECRETS_LOST = Outcome(
    "whatsapp_token_lost",
    "The key that sealed WhatsApp's token is gone: connect the number again.",
    permanent=True,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves for one person, with what it is sent by; or why it cannot even be tried."""

    user_id: UUID
    message: WhatsAppMessage | None = None
    own: Credentials | None = field(default=None, repr=False)
    refused: Outcome | None = None


async def written(
    scope: TenantScope,
    user_id: UUID,
    *,
    callback: str,
    company: str,
    public_url: str,
    items: Sequence[Item],
    kind: DeliveryKind,
) -> Letter:
    """Of what is to be told, or of a test or an answer, which have no notification."""
    account = await AccountRepository(scope).get()
    person = (await PeopleRepository(scope).among([user_id])).get(user_id)
    if account is None or not account.enabled:
        return Letter(user_id, refused=NOT_CONNECTED)
    if person is None or person.wa_id is None:
        return Letter(user_id, refused=Outcome("opted_out", "This person is not written to.", permanent=True))
    try:
        own = credentials_of(account, scope.tenant_id)
    except Unsealable:
        return Letter(user_id, refused=_SECRETS_LOST)
    if is_open(person.wrote_at, scope.now()):
        answers = kind in {DeliveryKind.WELCOME, DeliveryKind.GOODBYE}
        text = answer_words(kind, company) if answers else as_text(company, items)
        return Letter(user_id, WhatsAppMessage(person.wa_id, callback, text=text), own)
    standing = await AccountRepository(scope).templates()
    name = fitting(items, standing)[0]
    if name not in standing or not standing[name].is_usable:
        return Letter(user_id, refused=_not_usable(standing[name].mend if name in standing else None))
    template = filled(name, company, items, public_url)
    return Letter(user_id, WhatsAppMessage(person.wa_id, callback, template=template), own)


def _not_usable(mend: str | None) -> Outcome:
    return Outcome(
        "template_not_usable", mend or "The template was not handed in yet: hand it in.", permanent=True
    )


async def send(
    settings: Settings, letter: Letter, whatsapp: MakeWhatsApp | None
) -> tuple[Outcome, Verdict | None]:
    """One try. That it was taken does not say that it arrived: that, the webhook tells."""
    if letter.refused is not None or letter.message is None or letter.own is None:
        return letter.refused or NOT_CONNECTED, None
    make: Callable[[Credentials], WhatsApp] = whatsapp or (lambda own: WhatsAppClient(settings, own))
    try:
        return Outcome(reference=await make(letter.own).send(letter.message)), None
    except WhatsAppRefused as error:
        judged = verdict(error.code, status=error.status, unheard=error.unheard)
        return outcome_of(judged, error.word), judged


def outcome_of(judged: Verdict, word: str) -> Outcome:
    return Outcome(
        word,
        judged.sentence,
        permanent=judged.is_final,
        retry_after=judged.seconds,
        at_once=judged.fate is Fate.WINDOW,
        rests_one=judged.fate is Fate.RESTS_ONE,
    )


async def note(
    scope: TenantScope, judged: Verdict | None, word: str | None, *, user_id: UUID, template: str | None
) -> None:
    """What a refusal says of the number, of a template or of a person is kept there, for who can mend it."""
    accounts, people = AccountRepository(scope), PeopleRepository(scope)
    if judged is None:
        if word is None:
            await accounts.failed(None)
        return
    if judged.fate is Fate.WINDOW:
        await people.close_window(user_id)
    elif judged.fate is Fate.PERSON:
        await people.failed(user_id, judged.sentence)
    elif judged.fate is Fate.TEMPLATE and judged.template is not None and template is not None:
        await accounts.judge(template, judged.template)
    elif judged.fate in {Fate.ACCOUNT, Fate.RESTS_ALL}:
        await accounts.failed(word)


async def settled(
    scope: TenantScope,
    letter: Letter,
    outcome: Outcome,
    judged: Verdict | None,
    *,
    given_up: Collection[UUID],
) -> None:
    """After one try: what it says of others, and a mail instead of what was given up."""
    filled_in = letter.message.template if letter.message else None
    await note(
        scope, judged, outcome.code, user_id=letter.user_id, template=filled_in.name if filled_in else None
    )
    if given_up:
        await fall_back(scope, given_up)
    if outcome.at_once:
        await scope.enqueue("notifications.send_due", {}, unless_pending=True)
