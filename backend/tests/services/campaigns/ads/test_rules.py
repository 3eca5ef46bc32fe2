"""What is said of disapproved ads is plain: which, of how many, and why."""

from app.models.trust_engine.kinds import IncidentSeverity
from app.services.campaigns.ads.rules import Refusals, Refused, farewell, sentence


def refused(name: str, *reasons: str) -> Refused:
    return Refused(name, name, reasons, None)


def test_some_of_several_are_a_warning_that_names_three() -> None:
    ads = [refused(f"Ad {n}", "Misleading claims.") for n in (4, 2, 1, 3)]
    found = Refusals("Autumn", 6, ads)
    assert found.severity is IncidentSeverity.WARNING
    assert sentence("Northwind", found) == (
        "Northwind: 4 of 6 active ads of “Autumn” disapproved. “Ad 1”: Misleading claims; "
        "“Ad 2”: Misleading claims; “Ad 3”: Misleading claims; and 1 more."
    )


def test_all_of_them_are_critical_for_nothing_is_shown() -> None:
    found = Refusals("Autumn", 1, [refused("Coat")])
    assert found.severity is IncidentSeverity.CRITICAL
    assert sentence("Northwind", found) == (
        "Northwind: the only active ad of “Autumn” disapproved. “Coat”: the platform gives no reason."
    )
    both = Refusals("Autumn", 2, [refused("A", "x"), refused("B", "y")])
    assert "all 2 active ads" in sentence("Northwind", both)


def test_a_long_reason_is_cut() -> None:
    told = sentence("N", Refusals("C", 1, [refused("A", "z" * 5_000)]))
    assert len(told) < 300
    assert "…" in told


def test_approved_again_is_said_only_when_it_is_so() -> None:
    assert farewell("Autumn", ["approved", "limited"]) == "The ads of “Autumn” are approved again."
    for verdicts in ([], [None], ["approved", "disapproved"], ["pending"]):
        assert "changed or stopped" in farewell("Autumn", verdicts)
