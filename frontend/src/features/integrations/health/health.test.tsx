import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const ACCOUNT = "0199aaaa-0000-7000-8000-0000000000a1";
const CONNECTOR = {
  ad_account_id: ACCOUNT,
  platform: "meta",
  name: "Northwind US",
  connection_status: "active",
  calls: 10,
  failures: 5,
  throttled: 1,
  success_rate: 0.5,
  p95_ms: 40,
  last_success_at: "2026-11-23T04:00:00Z",
  circuit: "open",
  waits_seconds: 0,
  sync_error_code: "meta.1",
  last_synced_at: null,
  last_metrics_at: null,
};
const DAY = { calls: 0, failures: 0, throttled: 0, uptime: null, success_rate: null, p95_ms: null };
const HISTORY = {
  ad_account_id: ACCOUNT,
  uptime: 0.8,
  last_success_at: null,
  circuit: "open",
  waits_seconds: 0,
  days: [
    { ...DAY, day: "2026-11-22" },
    { ...DAY, day: "2026-11-23", calls: 10, failures: 5, uptime: 0.8, success_rate: 0.5 },
  ],
};

test("an open circuit is told, and its days as they were: unknown where no call was made", async () => {
  const { server } = quietTenant();
  server
    .on("GET /integrations/health", { items: [CONNECTOR], has_next: false })
    .on(`GET /integrations/health/${ACCOUNT}/history`, HISTORY);
  const { user } = open("/operations/health");
  expect(await screen.findByText("Circuit open")).toBeVisible();
  await user.click(screen.getByText("Northwind US"));
  expect(await screen.findByText("Uptime in 2 days: 80.0%")).toBeVisible();
  const days = within(screen.getByRole("list", { name: "Uptime by day" }));
  const said = days.getAllByRole("listitem").map(({ textContent }) => textContent);
  expect(said[0]).toMatch(/no call was made$/);
  expect(said[1]).toMatch(/80.0% up, 5 of 10 calls failed$/);
});

test("a connection that needs a sign-in is not said to be well", async () => {
  const { server } = quietTenant();
  const connector = { ...CONNECTOR, circuit: "closed", connection_status: "needs_sign_in" };
  server.on("GET /integrations/health", { items: [connector], has_next: false });
  open("/operations/health");
  expect(await screen.findByText("Needs a sign-in")).toBeVisible();
});
