import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Webhook } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const HOOK: Webhook = {
  id: "0199aaaa-0000-7000-8000-0000000000f1",
  name: "Warehouse",
  url: "https://warehouse.example/hook",
  topics: ["profile.created"],
  segment_ids: [],
  include_personal: false,
  purpose: null,
  state: "off",
  enabled: false,
  off_reason: "failing",
  off_at: "2026-11-23T05:00:00Z",
  waiting: 10_000,
  waiting_is_more: true,
  waiting_since: "2026-11-20T05:00:00Z",
  attempts: 80,
  failing_since: "2026-11-20T05:00:00Z",
  next_attempt_at: null,
  last_told_at: null,
  last_error: "It answered 500.",
  lost_at: null,
  secret_overlaps_until: null,
  created_at: "2026-11-01T05:00:00Z",
  updated_at: "2026-11-01T05:00:00Z",
};
const PATH = `/cdp/webhooks/${HOOK.id}`;
const TRIES = `GET ${PATH}/deliveries`;

test("one that failed for three days says why, and goes on or skips ahead when it is switched on", async () => {
  const { server } = quietTenant(["cdp.webhooks:read", "cdp.webhooks:write"]);
  server.on("GET /cdp/webhooks", { items: [HOOK], has_next: false });
  server.on(TRIES, { items: [], next_cursor: null, limit: 20 });
  server.on(`PATCH ${PATH}`, () => problem(403, "cdp.webhooks.personal_not_allowed", "Not you."));
  const { user } = open("/settings/webhooks");
  expect(await screen.findByText("Switched off")).toBeVisible();
  expect(screen.getByText(/It failed for three days. Last: It answered 500./)).toBeInTheDocument();
  await user.click(screen.getByText("Warehouse"));
  await user.click(screen.getByRole("button", { name: "Switch on…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Switch “Warehouse” on?" }));
  expect(dialog.getByText(/more than 10,000 waiting/)).toBeVisible();
  await user.click(dialog.getByRole("button", { name: "Skip ahead to now" }));
  expect(await dialog.findByText("Not you.")).toBeVisible();
  server.on(`PATCH ${PATH}`, { ...HOOK, state: "on", enabled: true });
  await user.click(dialog.getByRole("button", { name: "Go on where it stopped" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("who may only read is shown no button that the API would refuse", async () => {
  const { server } = quietTenant(["cdp.webhooks:read"]);
  server.on("GET /cdp/webhooks", { items: [HOOK], has_next: false });
  server.on(TRIES, { items: [], next_cursor: null, limit: 20 });
  const { user } = open("/settings/webhooks");
  await user.click(await screen.findByText("Warehouse"));
  expect(screen.queryByRole("button", { name: "New webhook" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Switch on…" })).toBeNull();
  expect(screen.getByRole("heading", { name: "Checking signatures" })).toBeVisible();
});
