"""Every Prometheus metric, declared in one place. Labels are bounded: never a tenant, a person or a raw path."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_REQUESTS = Counter(
    "stratum_http_requests_total",
    "Requests by route template, method and status.",
    ["method", "route", "status"],
)
HTTP_SECONDS = Histogram(
    "stratum_http_request_seconds",
    "Time to answer, by route template.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
HTTP_IN_FLIGHT = Gauge("stratum_http_in_flight", "Requests being answered.")
ERRORS = Counter("stratum_errors_total", "Errors answered, by stable code.", ["code"])
