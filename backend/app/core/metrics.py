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
PLATFORM_CALLS = Counter(
    "stratum_platform_calls_total",
    "Calls to ad platforms, by operation and outcome.",
    ["platform", "operation", "outcome"],
)
PLATFORM_SECONDS = Histogram(
    "stratum_platform_call_seconds",
    "Time that an ad platform took to answer.",
    ["platform", "operation"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
CONVERSIONS = Counter(
    "stratum_conversion_deliveries_total",
    "Conversions on their way to a platform, by where they ended.",
    ["platform", "status"],
)
PLATFORM_WEBHOOKS = Counter(
    "stratum_platform_webhooks_total",
    "What platforms told by themselves: notifications that were kept or are of nobody here, deliveries refused.",
    ["platform", "outcome"],
)
AUDIENCE_PEOPLE = Counter(
    "stratum_audience_people_total",
    "People that a platform took into an audience, or took out of one.",
    ["platform", "action"],
)
ERRORS = Counter("stratum_errors_total", "Errors answered, by stable code.", ["code"])
NOTIFICATIONS = Counter(
    "stratum_notifications_total",
    "Notifications by kind: told, or joined to one of before.",
    ["kind", "how"],
)
NOTIFICATION_DELIVERIES = Counter(
    "stratum_notification_deliveries_total",
    "Tries of notifications' messages, by channel and where they ended.",
    ["channel", "status"],
)
TASKS = Counter(
    "stratum_tasks_total",
    "Tasks by name and outcome: done, duplicate, retried, dead, failed.",
    ["task", "outcome"],
)
TASK_SECONDS = Histogram(
    "stratum_task_seconds",
    "Time that a task took, by name.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300),
)
DEAD_LETTERS = Counter("stratum_dead_letters_total", "Tasks given up, by name.", ["task"])
RELAYED = Counter("stratum_relayed_total", "Outbox rows handed over, by kind: task or live.", ["kind"])
RELAY_FAILURES = Counter("stratum_relay_failures_total", "Turns of the relay that failed, by part.", ["part"])
RELAY_LAG = Histogram(
    "stratum_relay_lag_seconds",
    "From the row's commit, or its due time, to its hand-over, by kind.",
    ["kind"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
OUTBOX_DEPTH = Gauge(
    "stratum_outbox_depth",
    "Rows in the outbox, by kind and state: waiting, or handed over and not done.",
    ["kind", "state"],
    multiprocess_mode="livemax",
)
OUTBOX_OLDEST = Gauge(
    "stratum_outbox_oldest_due_seconds",
    "How long the oldest due row has waited, by kind.",
    ["kind"],
    multiprocess_mode="livemax",
)
OUTBOX_FAILING = Gauge(
    "stratum_outbox_failing",
    "Rows whose last attempt failed, by kind.",
    ["kind"],
    multiprocess_mode="livemax",
)
RATE_LIMITED = Counter("stratum_rate_limited_total", "Requests refused by a limit, by the limit.", ["limit"])
PASSWORD_CHECKS = Counter("stratum_password_hashes_total", "argon2id computations, to hash or to check.")
SIGN_INS = Counter("stratum_sign_ins_total", "Attempts to sign in, by outcome.", ["outcome"])
HEALTH_SCORE = Histogram(
    "stratum_health_score",
    "Signal health by evaluation, 0 to 100; unknown counts as 0.",
    ["platform"],
    buckets=(20, 40, 60, 70, 80, 90, 100),
)
GATE_DECISIONS = Counter(
    "stratum_gate_decisions_total", "Decisions of the gate, by risk class and verdict.", ["risk", "verdict"]
)
PERMITS = Counter("stratum_permits_total", "Permits minted, used and refused, by outcome.", ["outcome"])
CDP_EVENTS = Counter("stratum_cdp_events_total", "Events received, by what became of them.", ["outcome"])
CDP_GROUP_EVENTS = Histogram(
    "stratum_cdp_group_events",
    "Events written by one transaction.",
    buckets=(1, 5, 25, 100, 250, 500, 1_000, 2_500),
)
CDP_INTAKE_BYTES = Gauge("cdp_intake_bytes", "Bodies and events let in and not yet answered, in bytes.")
CDP_QUEUE_EVENTS = Gauge("stratum_cdp_queue_events", "Events that wait to be written in this process.")
CDP_IDENTITY_RESOLVED = Counter("stratum_cdp_identity_events_total", "Events resolved to people.")
CDP_IDENTITY_QUARANTINED = Counter(
    "stratum_cdp_identity_quarantined_total", "Events set aside because nothing could be made of them."
)
CDP_IDENTITY_LAG = Histogram(
    "stratum_cdp_identity_lag_seconds",
    "From the commit of the oldest event of a set until it is seen in its profile.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
CDP_ARRIVALS_LAG = Histogram(
    "stratum_cdp_arrivals_lag_seconds",
    "From the commit of the oldest write of a set until what else follows from it is done.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
CDP_IDENTITY_LINKS = Counter(
    "stratum_cdp_identity_links_total", "Links between identifiers, by what was decided.", ["decision"]
)
CDP_IDENTITY_REFOLDS = Counter(
    "stratum_cdp_identity_refolds_total",
    "Sets of assertions for which components were folded again: locally, or from the ledger.",
    ["from"],
)
CDP_SEGMENT_EVALUATIONS = Counter(
    "stratum_cdp_segment_evaluations_total",
    "Profiles evaluated because something changed (followed), and whole memberships computed (recomputed).",
    ["how"],
)
CDP_SEGMENT_FAILURES = Counter(
    "stratum_cdp_segment_failures_total",
    "Segments whose evaluation failed while their neighbours were followed; each is computed whole instead.",
)
CDP_SEGMENT_TRANSITIONS = Counter(
    "stratum_cdp_segment_transitions_total", "Profiles that entered or left a segment.", ["direction"]
)
CDP_TRAIT_EVALUATIONS = Counter(
    "stratum_cdp_trait_evaluations_total",
    "Computed traits of profiles, computed because something changed (followed) or for everybody (recomputed).",
    ["how"],
)
CDP_WEBHOOK_CALLS = Counter(
    "stratum_cdp_webhook_calls_total",
    "Messages sent to webhooks, by what they were for (feed, test, replay) and how it went (taken, failed).",
    ["kind", "outcome"],
)
CDP_WEBHOOK_ITEMS = Counter(
    "stratum_cdp_webhook_items_total", "Changes and moves that webhooks acknowledged."
)
LIVE_CLIENTS = Gauge("stratum_live_clients", "Open WebSocket and SSE streams.", multiprocess_mode="livesum")
LIVE_SENT = Counter("stratum_live_messages_sent_total", "Live messages sent to clients.")
LIVE_DROPPED = Counter(
    "stratum_live_clients_ended_total", "Streams that the server ended, by reason.", ["reason"]
)
INCIDENTS = Counter("stratum_incidents_total", "Incidents opened and closed, by kind.", ["kind", "event"])
MAILS = Counter("stratum_mails_total", "Mails handed to the mail server, by kind.", ["kind"])
ACTIONS = Counter("stratum_actions_total", "Actions that reached a state.", ["state"])
