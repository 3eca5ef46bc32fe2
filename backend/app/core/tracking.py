"""Where SDKs look for the tracking API: their own addresses, whatever prefix the API has."""

SEGMENT = "/v1/"
JITSU = "/api/s/"
PREFIXES = (SEGMENT, JITSU)
