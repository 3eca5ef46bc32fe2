"""Conversion goals: for each category of conversions whether bidding counts it, by the account and by each campaign."""

from sandbox.vendors.google.book import Book, Entity

ORIGIN = "WEBSITE"
"""Every conversion action here is of a website."""


def of_account(book: Book, customer: str) -> dict[str, bool]:
    """By category; a goal is there once the account has an action of its category."""
    found: dict[str, bool] = {}
    for action in book.of(customer, "conversion_action"):
        category = str(action.data["category"])
        found[category] = found.get(category, False) or bool(action.data["primary_for_goal"])
    return found


def give(book: Book, campaign: Entity) -> list[Entity]:
    """A new campaign's goals: the account's, until they are changed."""
    return [
        book.put(
            Entity(
                "campaign_conversion_goal",
                campaign.customer,
                f"{campaign.id}~{category}~{ORIGIN}",
                {"campaign": campaign.name, "category": category, "origin": ORIGIN, "biddable": biddable},
            )
        )
        for category, biddable in of_account(book, campaign.customer).items()
    ]
