"""Google: the Ads API's REST interface, its query language, sign-in, and the Data Manager API."""
