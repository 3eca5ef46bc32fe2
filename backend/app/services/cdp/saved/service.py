"""Questions that people keep by name, of whatever kind, and their answers."""

from app.services.cdp.saved.answering import SavedAnswers
from app.services.cdp.saved.questions import Question, SavedQuestions

__all__ = ["Question", "SavedAnswers", "SavedQuestions"]
