import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Connection, Incident } from "@/api/types";
import { open } from "@/testing/app";
import { action, quietTenant } from "@/testing/fixtures";

const INCIDENT: Incident = {
  id: "0199aaaa-0000-7000-8000-0000000000d1",
  ad_account_id: null,
  kind: "signal_dead",
  subject: "event_loss",
  status: "open",
  sentence: "Nine of ten events do not arrive.",
  mend: null,
  evidence: {},
  severity: "critical",
  opened_at: "2026-11-23T05:00:00Z",
  updated_at: "2026-11-23T05:00:00Z",
  closed_at: null,
  acknowledged_by: null,
  timeline: [],
};
const CONNECTION: Connection = {
  id: "0199aaaa-0000-7000-8000-0000000000c1",
  platform: "meta",
  status: "active",
  read_only: false,
  name: "Northwind",
  scopes: [],
  expires_at: null,
  created_at: "2026-11-23T05:00:00Z",
  error: null,
};

const listOf = (...items: readonly unknown[]) => ({ items, next_cursor: null, limit: 50 });

test("an incident appears when it opens, and goes when it closes", async () => {
  const { server, stream } = quietTenant();
  open("/trust/incidents");
  expect(await screen.findByText("Nothing is wrong now.")).toBeVisible();
  server.on("GET /trust/incidents", listOf(INCIDENT));
  stream.say("1-0", "incident_opened", { incident_id: INCIDENT.id });
  expect(await screen.findByText(INCIDENT.sentence)).toBeVisible();
  server.on("GET /trust/incidents", listOf());
  stream.say("2-0", "incident_closed", { incident_id: INCIDENT.id });
  expect(await screen.findByText("Nothing is wrong now.")).toBeVisible();
});

test("an action that somebody or something wants is asked about without a reload", async () => {
  const { server, stream } = quietTenant();
  open("/autopilot");
  expect(await screen.findByRole("button", { name: "Kill switch" })).toBeVisible();
  server.on("GET /autopilot/actions", listOf(action({})));
  stream.say("1-0", "action_status_update", { action_id: action({}).id, state: "awaiting_approval" });
  expect(await screen.findByRole("button", { name: "Approve" })).toBeVisible();
});

test("a connection that the platform ended asks to sign in again, on the page that is open", async () => {
  const { server, stream } = quietTenant();
  const connections = (one: Connection) => ({ items: [one], total: 1, page: 1, limit: 200, pages: 1 });
  server.on("GET /integrations/connections", connections(CONNECTION));
  server.on("GET /integrations/connections/platforms", []);
  server.on("GET /integrations/shops", { items: [] });
  server.on("GET /integrations/shops/providers", []);
  server.on("GET /integrations/crm", { items: [] });
  server.on("GET /integrations/crm/providers", []);
  server.on("GET /cdp/sources", { items: [], total: 0, page: 1, limit: 50, pages: 0 });
  open("/connect");
  expect(await screen.findByText("Active")).toBeVisible();
  const ended = { ...CONNECTION, status: "needs_sign_in", error: "The token was revoked." };
  server.on("GET /integrations/connections", connections(ended));
  stream.say("1-0", "platform_status", { platform: "meta", status: "needs_sign_in" });
  expect(await screen.findByText("The token was revoked.")).toBeVisible();
});
