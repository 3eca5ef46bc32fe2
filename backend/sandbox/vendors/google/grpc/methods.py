"""What is served over gRPC, where the same is served over REST, and the messages of either direction."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import quote

_FULL_NAME = re.compile(r"/google\.ads\.googleads\.(v\d+)\.services\.(\w+)/(\w+)")


@dataclass(frozen=True, slots=True)
class Method:
    """`path` is that of REST behind the version; `message` begins the names of its request and its response."""

    module: str
    message: str
    path: str
    verb: str = "POST"
    streams: bool = False

    def path_for(self, customer: str) -> str:
        return self.path.format(customer=quote(customer, safe=""))


def _mutates(collection: str, module: str, message: str) -> Method:
    return Method(module, message, f"customers/{{customer}}/{collection}:mutate")


_ADS = "google_ads_service"
METHODS = {
    ("GoogleAdsService", "Search"): Method(_ADS, "SearchGoogleAds", "customers/{customer}/googleAds:search"),
    ("GoogleAdsService", "SearchStream"): Method(
        _ADS, "SearchGoogleAdsStream", "customers/{customer}/googleAds:searchStream", streams=True
    ),
    ("GoogleAdsService", "Mutate"): _mutates("googleAds", _ADS, "MutateGoogleAds"),
    ("CampaignBudgetService", "MutateCampaignBudgets"): _mutates(
        "campaignBudgets", "campaign_budget_service", "MutateCampaignBudgets"
    ),
    ("CampaignService", "MutateCampaigns"): _mutates("campaigns", "campaign_service", "MutateCampaigns"),
    ("AdGroupService", "MutateAdGroups"): _mutates("adGroups", "ad_group_service", "MutateAdGroups"),
    ("AdGroupAdService", "MutateAdGroupAds"): _mutates(
        "adGroupAds", "ad_group_ad_service", "MutateAdGroupAds"
    ),
    ("AdGroupCriterionService", "MutateAdGroupCriteria"): _mutates(
        "adGroupCriteria", "ad_group_criterion_service", "MutateAdGroupCriteria"
    ),
    ("AssetService", "MutateAssets"): _mutates("assets", "asset_service", "MutateAssets"),
    ("CampaignConversionGoalService", "MutateCampaignConversionGoals"): _mutates(
        "campaignConversionGoals", "campaign_conversion_goal_service", "MutateCampaignConversionGoals"
    ),
    ("CustomerService", "ListAccessibleCustomers"): Method(
        "customer_service", "ListAccessibleCustomers", "customers:listAccessibleCustomers", verb="GET"
    ),
}


def found(full_name: str) -> tuple[str, Method] | None:
    """The API's version and the method of a call such as `/google.ads.googleads.v26.services.…/Search`."""
    called = _FULL_NAME.fullmatch(full_name)
    if called is None:
        return None
    version, service, name = called.groups()
    method = METHODS.get((service, name))
    return None if method is None else (version, method)


@cache
def message_class(version: str, path: str) -> Any:
    """A protobuf class of the official package; `path` is such as `errors.types.errors.GoogleAdsFailure`.

    Raises ImportError for a version that the package does not have.
    """
    module, _, name = path.rpartition(".")
    wrapper = getattr(import_module(f"google.ads.googleads.{version}.{module}"), name)
    return type(wrapper.pb(wrapper()))


def request_class(version: str, method: Method) -> Any:
    return message_class(version, f"services.types.{method.module}.{method.message}Request")


def response_class(version: str, method: Method) -> Any:
    return message_class(version, f"services.types.{method.module}.{method.message}Response")
