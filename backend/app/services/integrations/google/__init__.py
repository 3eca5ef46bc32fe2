"""Google: the Ads API over its REST interface, and the Data Manager API for conversions."""
