import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";
import {
  blank,
  blankDefinition,
  keyOf,
  openPart,
  WINDOW_WORDS,
  type WindowKey,
  windowOf,
  withMetric,
} from "./definition";
import { actionInWords, conditionInWords } from "./sentences";

const RULE = {
  id: "0199cccc-0000-7000-8000-000000000001",
  name: "Stop loss",
  description: "",
  state: "off",
  definition: blankDefinition("EUR"),
  schedule: { every_minutes: 1440, at: "07:00", timezone: "UTC", parts: [] },
  cooldown_hours: 24,
  version: 1,
  template: null,
  next_run_at: null,
  last_run_at: null,
  created_at: "2026-11-23T05:00:00Z",
  updated_at: "2026-11-23T05:00:00Z",
};
const PREVIEW = {
  considered: 3,
  held: 1,
  unknown: 1,
  unknown_by_reason: { immature: 1 },
  paths: ["of.0"],
  campaigns: [
    {
      campaign_id: "0199dddd-0000-7000-8000-000000000001",
      campaign: "Prospecting",
      platform: "meta",
      status: "active",
      currency: "EUR",
      holds: true,
      why: null,
      sentence: null,
      figures: [
        { metric: "spend", window: "last 7 settled days", value: 120_000_000, unknown: null },
        { metric: "cpa", window: "last 7 settled days", value: null, unknown: "no_denominator" },
      ],
      conditions: [true],
      before: { status: "active" },
      after: { status: "paused" },
      verdict: "hold",
      reasons: [],
    },
  ],
};
const CONFLICT = {
  rule_id: "0199cccc-0000-7000-8000-000000000002",
  rule_name: "Start",
  overlap: "witness",
  clash: "one pauses what the other enables",
  sentence: "It works against “Start”: one pauses what the other enables.",
  example: null,
};
const NONE = {
  items: [],
  total: 0,
  total_capped: false,
  page: 1,
  limit: 200,
  pages: 1,
  has_next: false,
  has_prev: false,
};

function rules() {
  const { server } = quietTenant(["rules:read", "rules:write"]);
  return server
    .on("GET /campaigns/labels", NONE)
    .on("GET /integrations/ad-accounts", NONE)
    .on("POST /rules/preview", PREVIEW)
    .on("POST /rules/conflicts", { conflicts: [] })
    .on(`GET /rules/${RULE.id}`, RULE)
    .on(`GET /rules/${RULE.id}/firings`, { items: [], next_cursor: null, limit: 20 })
    .on(`GET /rules/${RULE.id}/evaluations`, { items: [], next_cursor: null, limit: 20 });
}

test("conditions and actions are told in words", () => {
  const named = () => "Dear";
  expect(conditionInWords(blank("metric", "EUR"), named)).toBe(
    "The spend of the last 7 settled days is at least €100.00",
  );
  expect(conditionInWords(blank("rank", "EUR"), named)).toBe(
    "It is one of the 3 with the lowest ROAS of the last 7 settled days",
  );
  expect(actionInWords({ kind: "label", label_id: "x", off: true }, named)).toBe("Take off the label “Dear”");
  const bounds = { floor_micros: null, ceiling_micros: 200_000_000, currency: "EUR" };
  expect(actionInWords({ kind: "budget_percent", percent: "-10", bounds }, named)).toBe(
    "Cut its daily budget by 10 %, not over €200.00",
  );
});

test("every window has its key, and another unit takes the amount along", () => {
  for (const key of Object.keys(WINDOW_WORDS) as WindowKey[]) expect(keyOf(windowOf(key))).toBe(key);
  const spend = blank("metric", "EUR");
  if (spend.kind !== "metric") throw new Error("a figure is asked for");
  expect(withMetric(spend, "cpa", "EUR").than).toEqual(spend.than);
  expect(withMetric(spend, "roas", "EUR").than.kind).toBe("number");
  expect(openPart({ ...blankDefinition("EUR"), condition: { kind: "all", of: [] } })).toBe(
    "Add a condition.",
  );
});

test("the builder shows what the rule would do now, and saves what was built", async () => {
  const server = rules().on("POST /rules", RULE);
  const { user } = open("/autopilot/rules/new");
  const line = (await screen.findByText("Prospecting")).closest("tr");
  expect(line).toHaveTextContent("€120.00");
  expect(line).toHaveTextContent("active → paused");
  expect(screen.getByText(/It holds for 1 of 3 campaigns; of 1 it is not known/)).toBeVisible();
  await user.selectOptions(screen.getByLabelText("Which figure"), "CPA");
  await user.type(screen.getByLabelText("Name"), "Stop loss");
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  await expect.poll(() => server.asked("POST /rules").length).toBe(1);
  const sent = server.asked("POST /rules")[0]?.body as typeof RULE & { enabled: boolean };
  const condition = sent.definition.condition as { of: { metric: string }[] };
  expect([sent.name, sent.enabled, condition.of[0]?.metric]).toEqual(["Stop loss", false, "cpa"]);
});

test("a conflict stands beside the button, and can be accepted", async () => {
  const server = rules()
    .on("POST /rules/conflicts", { conflicts: [CONFLICT] })
    .on("POST /rules", RULE);
  const { user } = open("/autopilot/rules/new");
  const conflicts = within(await screen.findByRole("region", { name: "Conflicts" }));
  expect(conflicts.getByText(CONFLICT.sentence)).toBeVisible();
  await user.click(conflicts.getByLabelText("Save it nevertheless"));
  await user.type(screen.getByLabelText("Name"), "Stop loss");
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  await expect.poll(() => server.asked("POST /rules").length).toBe(1);
  expect(server.asked("POST /rules")[0]?.body).toMatchObject({ accept_conflicts: true });
});

test("a rule that collides stays off, and says with which", async () => {
  rules().on(`PATCH /rules/${RULE.id}`, () =>
    problem(409, "rules.collide", "It works against another one.", [
      { field: "body.definition.condition", message: CONFLICT.sentence, code: "collides" },
    ]),
  );
  const { user } = open(`/autopilot/rules/${RULE.id}`);
  await user.click(await screen.findByRole("button", { name: "Switch on" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("“Start”");
});

test("a backtest draws its days and says what the past does not tell", async () => {
  const day = {
    day: "2026-11-22",
    at: "2026-11-22T07:00:00Z",
    considered: 2,
    held: 1,
    fired: 1,
    unknown_by_reason: {},
    examples: [],
  };
  rules().on("POST /rules/backtest", {
    days: [{ ...day, day: "2026-11-21", fired: 0, unknown_by_reason: { unread: 2 } }, day],
    not_looked_at: [],
    unknowable: ["Labels are today's."],
  });
  const { user } = open(`/autopilot/rules/${RULE.id}`);
  await user.click(await screen.findByRole("button", { name: "Look 30 days back" }));
  expect(
    await screen.findByText(/It would have acted 1 time on 2 days; on 1 day nothing could be known/),
  ).toBeVisible();
  expect(screen.getByText("Labels are today's.")).toBeVisible();
});
