"""A segment's question, from how it is stored; and what it reads, as it is stored."""

from app.models.cdp.segments import CdpSegment
from app.schemas.cdp.segments_tree import read_rule, written_rule
from app.services.cdp.segments.rules import Listed, Question, Reads, reads


def question_of(segment: CdpSegment) -> Question:
    return Listed(segment.id) if segment.rule is None else read_rule(segment.rule)


def reads_of(segment: CdpSegment) -> Reads:
    return Reads(
        tuple(segment.reads_events),
        tuple(segment.reads_traits),
        segment.reads_lifecycle,
        segment.reads_all,
        segment.reads_absence,
    )


def ask(segment: CdpSegment, question: Question) -> None:
    """Have the segment ask this."""
    found = reads(question)
    segment.rule = None if isinstance(question, Listed) else written_rule(question)
    segment.reads_events, segment.reads_traits = list(found.events), list(found.traits)
    segment.reads_lifecycle, segment.reads_all = found.lifecycle, found.all
    segment.reads_absence = found.absence
