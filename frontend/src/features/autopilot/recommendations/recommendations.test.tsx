import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Recommendation } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const ID = "0192f0c0-0000-7000-8000-00000000000a";

function recommendation(part: Partial<Recommendation>): Recommendation {
  return {
    id: ID,
    version: "00d1e2f3a4b5c697",
    strategy: "reallocation",
    ad_account_id: "0192f0c0-0000-7000-8000-00000000000b",
    campaign_id: null,
    subject: "Northwind",
    why: "reallocation",
    sentence: "Move 100.00 EUR a day from Fed to Starved, where the last unit brings more.",
    currency: "EUR",
    changes: [
      {
        campaign_id: "0192f0c0-0000-7000-8000-00000000000c",
        name: "Fed",
        operation: "set_daily_budget",
        before: { daily_budget_micros: 500_000_000 },
        after: { daily_budget_micros: 400_000_000 },
        why: "earns_less",
        sentence: "Less than elsewhere.",
      },
      {
        campaign_id: "0192f0c0-0000-7000-8000-00000000000d",
        name: "Starved",
        operation: "set_daily_budget",
        before: { daily_budget_micros: 500_000_000 },
        after: { daily_budget_micros: 600_000_000 },
        why: "earns_more",
        sentence: "More than elsewhere.",
      },
    ],
    effect: {
      spend_micros: 0,
      value_micros: 210_000_000,
      value_low_micros: 120_000_000,
      value_high_micros: 300_000_000,
    },
    evidence: {},
    state: "open",
    made_at: "2026-11-23T05:00:00Z",
    renewed_at: "2026-11-23T05:00:00Z",
    expires_at: "2026-11-25T05:00:00Z",
    ended_at: null,
    ended_by: null,
    note: null,
    action_ids: [],
    ...part,
  };
}

function told(part: Partial<Recommendation>) {
  const { server } = quietTenant(["autopilot.recommendations:decide"]);
  return server.on("GET /autopilot/recommendations", {
    items: [recommendation(part)],
    next_cursor: null,
    limit: 50,
  });
}

test("it shows both budgets and what is expected, with the interval", async () => {
  told({});
  open("/autopilot/recommendations");
  const line = (await screen.findByRole("heading", { name: /Reallocation/ })).closest("li");
  expect(line).toHaveTextContent("from €500.00to €400.00");
  expect(line).toHaveTextContent("from €500.00to €600.00");
  expect(line).toHaveTextContent("+€210.00 value (+€120.00 to +€300.00, 80 %), at the same spend");
});

test("a yes carries its reason, and a refusal is told where it was asked for", async () => {
  const server = told({}).on(`POST /autopilot/recommendations/${ID}/accept`, () =>
    problem(409, "autopilot.recommendations.no_longer_holds", "A campaign has changed since."),
  );
  const { user } = open("/autopilot/recommendations");
  await user.click(await screen.findByRole("button", { name: "Accept" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "It earns more there");
  await user.click(dialog.getByRole("button", { name: "Accept" }));
  expect(await dialog.findByRole("alert")).toHaveTextContent("A campaign has changed since");
  expect(server.asked(`POST /autopilot/recommendations/${ID}/accept`)[0]?.body).toEqual({
    version: "00d1e2f3a4b5c697",
    reason: "It earns more there",
  });
});

test("what only advises can be dismissed and not accepted", async () => {
  told({ strategy: "ad_fatigue", changes: [], effect: null });
  open("/autopilot/recommendations");
  expect(await screen.findByRole("button", { name: "Dismiss" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Accept" })).not.toBeInTheDocument();
});
