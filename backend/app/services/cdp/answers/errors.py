from app.core.errors import TooManyRequests


class TooManyQuestions(TooManyRequests):
    """Other long questions are being answered: ask again in a few seconds."""

    code = "cdp.answers.too_many_questions"
