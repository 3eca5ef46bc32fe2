import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Envelope } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const ACCOUNT = "0199aaaa-0000-7000-8000-0000000000a1";
const MAY = ["autopilot.envelopes:write"];
const NOW = Date.now();
const inHours = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();

function envelope(part: Partial<Envelope> = {}): Envelope {
  return {
    id: "0199aaaa-0000-7000-8000-0000000000e7",
    ad_account_id: ACCOUNT,
    campaign_ids: [],
    currency: "EUR",
    most_daily_micros: 200_000_000,
    most_raised_micros: 50_000_000,
    raised_micros: 12_500_000,
    actions: 2,
    reason: "For the night",
    given_by: "dana@northwind.example",
    giver_may: true,
    given_at: inHours(-1),
    starts_at: inHours(-1),
    ends_at: inHours(11),
    revoked_by: null,
    revoked_at: null,
    revoked_reason: null,
    ...part,
  };
}

function limitsRoom(envelopes: readonly Envelope[], more: readonly string[] = MAY) {
  const tenant = quietTenant(more);
  tenant.server
    .on("GET /autopilot/enforcement/overrides", { items: [], total: 0, page: 1, limit: 200, pages: 0 })
    .on("GET /campaigns", { items: [], next_cursor: null, limit: 100 })
    .on("GET /integrations/ad-accounts", {
      items: [{ id: ACCOUNT, name: "Northwind DE", currency: "EUR", platform: "meta" }],
    })
    .on("GET /autopilot/envelopes", { items: envelopes, next_cursor: null, limit: 50 });
  return tenant;
}

const panel = () => screen.findByRole("region", { name: "Approved beforehand" });

test("a yes is given beforehand for an account, until an hour, up to an amount", async () => {
  const { server } = limitsRoom([]);
  server.on("POST /autopilot/envelopes", envelope());
  const { user } = open("/autopilot/limits");
  expect(await screen.findByText("Nothing is approved beforehand.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Approve beforehand…" }));
  const dialog = within(await screen.findByRole("dialog"));
  const give = await dialog.findByRole("button", { name: "Approve beforehand" });
  await user.type(dialog.getByLabelText("Reason"), "For the night");
  await user.type(dialog.getByLabelText("No campaign over, a day, EUR"), "200");
  expect(give).toBeDisabled();
  await user.type(dialog.getByLabelText("All raises together, until it ends, EUR"), "50");
  server.on("GET /autopilot/envelopes", { items: [envelope()], next_cursor: null, limit: 50 });
  await user.click(give);
  const line = within(await panel());
  expect(await line.findByText("Up to €200.00 a day each; €12.50 of €50.00 raised.")).toBeVisible();
  expect(line.getByText("Holds")).toBeVisible();
  const [asked] = server.asked("POST /autopilot/envelopes");
  const {
    ends_at,
    idempotency_key: key,
    ...terms
  } = asked?.body as {
    ends_at: string;
    idempotency_key: string;
  };
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(terms).toEqual({
    ad_account_id: ACCOUNT,
    campaign_ids: [],
    most_daily_micros: 200_000_000,
    most_raised_micros: 50_000_000,
    reason: "For the night",
  });
  expect(Math.abs(Date.parse(ends_at) - NOW - 12 * 3_600_000)).toBeLessThan(60_000);
});

test("what holds can be taken back with a reason, what is over cannot", async () => {
  const { server } = limitsRoom([envelope(), envelope({ id: "e8", ends_at: inHours(-1) })]);
  server.on(`POST /autopilot/envelopes/${envelope().id}/revoke`, envelope({ revoked_at: inHours(0) }));
  const { user } = open("/autopilot/limits");
  const line = within(await panel());
  expect(await line.findByText("Over")).toBeVisible();
  await user.click(line.getByRole("button", { name: "Take back" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "Stock is low");
  await user.click(dialog.getByRole("button", { name: "Take back" }));
  await expect
    .poll(() => server.asked(`POST /autopilot/envelopes/${envelope().id}/revoke`)[0]?.body)
    .toEqual({ reason: "Stock is low" });
});

test("what nobody stands behind any more says so, and can be taken back", async () => {
  limitsRoom([envelope({ giver_may: false })]);
  open("/autopilot/limits");
  expect(await screen.findByText("Its giver may not approve any more")).toBeVisible();
  expect(screen.queryByText("Holds")).toBeNull();
  expect(screen.getByRole("button", { name: "Take back" })).toBeVisible();
});

test("who may not give it sees it", async () => {
  limitsRoom([envelope({ most_daily_micros: null })], []);
  open("/autopilot/limits");
  expect(await screen.findByText("Cuts and pauses alone.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Take back" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Approve beforehand…" })).toBeNull();
});
