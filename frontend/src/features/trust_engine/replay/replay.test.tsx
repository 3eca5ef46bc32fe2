import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const MAY = ["trust_engine.policies:read", "trust_engine.policies:write", "trust_engine.replay:read"];
const POLICY = {
  version: 1,
  created_at: null,
  created_by: null,
  note: "The default.",
  document: { version: 1, rise_after: 3, hold_from: 40, weights: { emq: 0.6, freshness: 0.4 } },
};
const NONE = { PASS: 0, HOLD: 0, BLOCK: 0 };
const MONEY = [{ currency: "USD", raises_micros: 30_000_000, cuts_micros: 0 }];
const TOGETHER = {
  before: { ...NONE, PASS: 40, BLOCK: 3 },
  after: { ...NONE, PASS: 2, HOLD: 38 },
  undecided: [
    { before: "BLOCK", gap: "evidence_gone", message: "The signals are no longer stored.", decisions: 3 },
  ],
  transitions: [
    {
      before: "PASS",
      after: "HOLD",
      decisions: 38,
      money: MONEY,
      unpriced: 1,
      outcomes: [{ outcome: "rolled_back", decisions: 3, money: MONEY, unpriced: 0 }],
      rolled_back: { count: 3, of: 38, low: 0.027, high: 0.208 },
      reasons: [{ code: "degraded", result: "HOLD", decisions: 38 }],
    },
  ],
};

function policyServer() {
  const tenant = quietTenant(MAY);
  tenant.server.on("GET /trust/policies", { items: [POLICY], page: 1, limit: 50, total: 1, pages: 1 });
  return tenant;
}

test("before a policy is brought in, its editor says what it would have decided", async () => {
  const { server } = policyServer();
  server.on("POST /trust/replay/counterfactual", {
    rows: 43,
    rescored: true,
    cut_short: false,
    unreadable: 0,
    together: TOGETHER,
    groups: [],
  });
  const { user } = open("/trust/policy");
  await user.click(await screen.findByRole("button", { name: "Change it" }));
  const asks = screen.getByRole("button", { name: "Decide them again" });
  expect(asks).toBeDisabled();
  const rise = screen.getByRole("textbox", { name: "Healthy evaluations before a mode rises" });
  await user.clear(rise);
  await user.type(rise, "5");
  await user.click(asks);
  const report = await screen.findByRole("region", { name: "What it would have decided" });
  expect(await within(report).findByText(/43 decisions made again/)).toBeVisible();
  expect(server.asked("POST /trust/replay/counterfactual")[0]?.body).toMatchObject({
    document: { rise_after: 5 },
  });
  expect(within(report).getByText(/3 of 38 \(7\.9%; 2\.7% to 20\.8%\)/)).toBeVisible();
  expect(within(report).getByText(/The signals are no longer stored/)).toBeVisible();
  expect(within(report).queryByText(/The draft has changed since/)).toBeNull();
  await user.type(rise, "0");
  expect(within(report).getByText(/The draft has changed since/)).toBeVisible();
});

const AGAIN = {
  result: "BLOCK",
  score: 39.9,
  required_score: 80,
  reasons: [{ code: "critical", message: "Too low.", detail: { verdict: "BLOCK", violation: null } }],
  gap: null,
};
const DECISION = {
  id: "01900000-0000-7000-8000-000000000001",
  sequence: 1,
  decided_at: "2026-11-02T12:00:00Z",
  result: "BLOCK",
  risk_class: "high",
  kind: "increase_budget",
  operation: "set_daily_budget",
  entity_type: "campaign",
  entity_id: "c1",
  entity_name: "Prospecting",
  ad_account_id: null,
  currency: "USD",
  score: 39.9,
  required_score: 80,
  reasons: [],
  policy_version: 1,
  action_id: null,
  before: {},
  after: {},
  inputs: {},
  evidence: {},
  decider_version: "gate/4",
  hash: "ab",
  previous_hash: "cd",
};

test("a decision is held against the draft that the policy's room has open", async () => {
  const { server } = policyServer();
  server
    .on(`GET /trust/gate/decisions/${DECISION.id}`, DECISION)
    .on(`POST /trust/replay/decisions/${DECISION.id}`, {
      recorded: AGAIN,
      own: AGAIN,
      identical: true,
      present: { ...AGAIN, result: null, score: null, reasons: [], gap: "The signals are gone." },
      present_version: 1,
      draft: { ...AGAIN, result: "PASS" },
    });
  const { user, router } = open("/trust/policy");
  await user.click(await screen.findByRole("button", { name: "Change it" }));
  const rise = screen.getByRole("textbox", { name: "Healthy evaluations before a mode rises" });
  await user.clear(rise);
  await user.type(rise, "1");
  await router.navigate({ to: "/trust/decisions/$decisionId", params: { decisionId: DECISION.id } });
  await user.click(await screen.findByRole("button", { name: "Replay this decision" }));
  const table = await screen.findByRole("group", { name: "The decision, by each policy" });
  expect(server.asked(`POST /trust/replay/decisions/${DECISION.id}`)[0]?.body).toEqual({
    document: { rise_after: 1 },
  });
  expect(within(table).getByRole("row", { name: /By the draft PASS/ })).toBeVisible();
  expect(within(table).getByRole("row", { name: /in force Unknown: The signals are gone/ })).toBeVisible();
  expect(screen.getByText(/comes out the same, to the letter/)).toBeVisible();
  await router.navigate({ to: "/trust/policy" });
  expect(await screen.findByRole("textbox", { name: "Healthy evaluations before a mode rises" })).toHaveValue(
    "1",
  );
});

test("how what passed ended is told by tens of the score, and too few are not told", async () => {
  const { server } = quietTenant(["trust_engine.replay:read"]);
  const few = { count: 1, of: 4, low: null, high: null };
  const many = { count: 30, of: 40, low: 0.6, high: 0.86 };
  server.on("GET /trust/replay/calibration", {
    bands: [
      {
        risk_class: null,
        low: 90,
        high: 100,
        passed: 50,
        ended: 40,
        verified: many,
        rolled_back: many,
        failed: many,
      },
      {
        risk_class: "cut",
        low: 90,
        high: 100,
        passed: 9,
        ended: 4,
        verified: few,
        rolled_back: few,
        failed: few,
      },
    ],
  });
  const { user } = open("/trust");
  const table = await screen.findByRole("group", { name: "How what passed ended, by score" });
  expect(within(table).getAllByText(/30 of 40 \(75\.0%; 60\.0% to 86\.0%\)/)).toHaveLength(3);
  await user.selectOptions(screen.getByRole("combobox", { name: "Risk class" }), "Cut");
  expect(screen.getAllByText("1 of 4: not enough data")).toHaveLength(3);
});
