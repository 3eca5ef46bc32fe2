from app.core.errors import Conflict, Forbidden, Invalid


class EmailTaken(Conflict):
    """This address has an account already."""

    code = "onboarding.email_taken"


class PasswordTooShort(Invalid):
    """The password needs at least 12 characters."""

    code = "onboarding.password_too_short"


class PersonNeeded(Forbidden):
    """Only a signed-in person makes a company: an API key belongs to one."""

    code = "onboarding.person_needed"
