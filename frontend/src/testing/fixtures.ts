import type { AccountHealth, Action, HealthComponent, KillSwitch, SignedIn, TriageItem } from "@/api/types";
import { liveStream, Server } from "./server";

const USER = {
  id: "0199aaaa-0000-7000-8000-000000000001",
  email: "dana@northwind.example",
  full_name: "Dana Ortiz",
  is_superadmin: false,
  mfa_enabled: true,
  last_login_at: null,
};
const TENANT = { id: 1, name: "Northwind", role: "admin" } as const;

export const SIGNED_IN: SignedIn = {
  access_token: "token-1",
  token_type: "bearer",
  expires_in: 900,
  csrf_token: "csrf-1",
  user: USER,
  tenants: [TENANT],
  tenant_id: 1,
};

const PERMISSIONS = [
  "autopilot.actions:approve",
  "autopilot.kill_switch:write",
  "trust_engine.health:write",
  "trust_engine.incidents:write",
];

export function component(part: Partial<HealthComponent>): HealthComponent {
  return {
    name: "emq",
    state: "good",
    score: 90,
    weight: 0.2,
    evidence: {},
    measured_at: "2026-11-23T05:00:00Z",
    reason: "Match keys are there.",
    drivers: [],
    ...part,
  };
}

export function health(part: Partial<AccountHealth>): AccountHealth {
  return {
    ad_account_id: null,
    name: null,
    platform: null,
    score: 86,
    status: "healthy",
    mode: "normal",
    coverage: 1,
    evaluated_at: "2026-11-23T05:00:00Z",
    expires_at: "2026-11-23T05:15:00Z",
    components: [],
    capped_by: null,
    drivers: [],
    ...part,
  };
}

export function action(part: Partial<Action>): Action {
  return {
    id: "0199aaaa-0000-7000-8000-0000000000f0",
    ad_account_id: "0199aaaa-0000-7000-8000-0000000000a1",
    campaign_id: "0199aaaa-0000-7000-8000-000000000100",
    platform: "meta",
    entity_type: "campaign",
    entity: "120200",
    entity_name: "Broad DE",
    operation: "increase_budget",
    before: { daily_budget_micros: 120_000_000 },
    after: { daily_budget_micros: 144_000_000 },
    currency: "EUR",
    state: "awaiting_approval",
    verdict: "pass",
    reasons: [],
    decision_id: null,
    reason: "ROAS 4.1 against a floor of 1.0.",
    justified_by: [],
    spend_only: false,
    evidence: {},
    origin: "strategy",
    requested_label: "performance_scaling",
    strategy: "performance_scaling",
    safety: false,
    rollback_of: null,
    other_half: null,
    plan_id: null,
    approved_by: null,
    envelope_id: null,
    approved_at: null,
    proposed_at: "2026-11-23T05:00:00Z",
    expires_at: "2026-11-23T17:00:00Z",
    applied_at: null,
    verified_at: null,
    watch_until: null,
    ended_at: null,
    error_code: null,
    error_detail: null,
    ...part,
  };
}

const OFF = { engaged: false, reason: null, changed_by: null, changed_at: null };

/** The tenant's switch, off or turned by somebody for a reason. */
export function killSwitch(reason: string | null): KillSwitch {
  const engaged = reason !== null;
  const tenant = engaged
    ? { engaged, reason, changed_by: "Dana Ortiz", changed_at: "2026-11-23T05:00:00Z" }
    : OFF;
  return { engaged, tenant, platform: OFF, in_flight: [] };
}

export function triageItem(part: Partial<TriageItem>): TriageItem {
  return {
    kind: "approval",
    severity: "warning",
    title: "Raise “Broad DE”",
    reason: "ROAS 4.1.",
    entity: null,
    entity_id: null,
    action: { label: "Review", href: "/autopilot" },
    since: null,
    ...part,
  };
}

const UNKNOWN = { value: null, known: false, reason: "no metrics yet" };

/** A server with a signed-in person, who may do more where a test says so, and a tenant where nothing has happened yet. */
export function quietTenant(more: readonly string[] = []) {
  document.cookie = "stratum_csrf=csrf-1";
  const stream = liveStream();
  const server = new Server()
    .on("POST /auth/refresh", SIGNED_IN)
    .on("GET /auth/me", {
      user: USER,
      tenant: TENANT,
      role: "admin",
      permissions: [...PERMISSIONS, ...more],
      tenants: [TENANT],
    })
    .on("GET /events/stream", stream.open)
    .on("GET /dashboard/triage", { items: [], counts: {} })
    .on("GET /dashboard/summary", {
      as_of: new Date().toISOString(),
      health: UNKNOWN,
      mode: UNKNOWN,
      spend_today: UNKNOWN,
      conversion_value_today: UNKNOWN,
      events_last_hour: { value: 12, known: true, reason: null },
      actions_waiting: { value: 0, known: true, reason: null },
      currency: null,
    })
    .on("GET /notifications/unread", { unread: 0, is_more: false })
    .on("GET /notifications", { items: [], next_cursor: null, limit: 20 })
    .on("GET /trust/health", { ...health({}), platforms: [], accounts: [] })
    .on("GET /trust/policies/current", {
      version: 1,
      created_at: null,
      created_by: null,
      note: "The default.",
      document: { version: 1, thresholds: { high: 80, standard: 70, conservative: 60, cut: 40 } },
    })
    .on("GET /trust/health/history", { points: [] })
    .on("GET /trust/incidents", { items: [], next_cursor: null, limit: 50 })
    .on("GET /trust/gate/decisions", { items: [], next_cursor: null, limit: 50 })
    .on("GET /integrations/ad-accounts", { items: [] })
    .on("GET /autopilot/kill-switch", killSwitch(null))
    .on("GET /autopilot/enforcement", {
      mode: "advisory",
      level: 0,
      max_daily_budget_micros: null,
      max_campaign_budget_micros: null,
      increase_limit_pct: 30,
      total_raise_pct: 20,
      max_changes_per_day: 5,
      min_hours_between: 4,
      roas_floor: 1,
      roas_lookback_days: 7,
      cpa_ceiling_micros: null,
      max_daily_increase_micros: null,
      currency: "EUR",
    })
    .on("GET /autopilot/actions", { items: [], next_cursor: null, limit: 50 });
  return { server, stream };
}
