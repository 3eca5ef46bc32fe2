import type { QueryClient } from "@tanstack/react-query";

/** The first part of a query's key is its feature's address; a message makes those features stale. */
const STALE_BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  emq_update: ["trust_engine/health", "dashboard"],
  incident_opened: ["trust_engine/incidents", "trust_engine/health", "dashboard"],
  incident_closed: ["trust_engine/incidents", "trust_engine/health", "dashboard"],
  autopilot_mode_change: [
    "trust_engine/health",
    "trust_engine/gate",
    "autopilot/kill_switch",
    "autopilot/actions",
    "autopilot/stops",
    "dashboard",
  ],
  action_status_update: [
    "autopilot/actions",
    "autopilot/envelopes",
    "autopilot/recommendations",
    "autopilot/stops",
    "rules",
    "trust_engine/gate",
    "campaigns",
    "dashboard",
  ],
  platform_status: [
    "integrations/connections",
    "integrations/ad_accounts",
    "integrations/health",
    "integrations/crm",
    "integrations/shops",
    "trust_engine/health",
    "campaigns",
    "dashboard",
  ],
  cdp_event: ["cdp/events/stats"],
  cdp_verdict: ["cdp/events/stats"],
  segment_counts: ["cdp/segments"],
  notification: ["notifications", "notifications/channels"],
};

/** Marks what a live message made stale; `resync` (the stream has a gap) makes everything so. */
export function invalidateFor(client: QueryClient, type: string): void {
  if (type === "resync") {
    void client.invalidateQueries();
    return;
  }
  for (const address of STALE_BY_TYPE[type] ?? []) void client.invalidateQueries({ queryKey: [address] });
}
