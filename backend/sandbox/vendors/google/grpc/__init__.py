"""Google Ads over gRPC: a front before the REST side, for Google's own clients."""
