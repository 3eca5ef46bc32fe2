from app.core.errors import Conflict, FieldError, Invalid, NotFound, Unavailable


class RuleNotFound(NotFound):
    """There is no such rule here."""

    code = "rules.not_found"


class RuleChangedMeanwhile(Conflict):
    """Somebody changed the rule just now: look at it, and run it again."""

    code = "rules.changed_meanwhile"


class RuleNameTaken(Conflict):
    """Another rule has this name: choose another one."""

    code = "rules.name_taken"

    def __init__(self) -> None:
        super().__init__(fields=[FieldError("body.name", self.sentence(), self.code)])


class RuleInvalid(Invalid):
    """The rule speaks of what is not here."""

    code = "rules.invalid"


class RulesCollide(Conflict):
    """The rule works against another one: change either, or save it with `accept_conflicts`."""

    code = "rules.collide"


class TooManyRules(Conflict):
    """There are as many rules as a company may have: delete one that nobody needs."""

    code = "rules.too_many"


class RuleTookTooLong(Unavailable):
    """The rule reads too many campaigns to answer while you wait: narrow its set."""

    code = "rules.took_too_long"
