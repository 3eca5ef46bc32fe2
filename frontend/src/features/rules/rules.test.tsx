import { fireEvent, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";
import {
  blank,
  blankDefinition,
  keyOf,
  openPart,
  openSchedule,
  WINDOW_WORDS,
  type WindowKey,
  windowOf,
  withMetric,
} from "./definition";
import { actionInWords, conditionInWords, scheduleInWords, scopeInWords } from "./sentences";

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

const ACCOUNT = { id: "0199eeee-0000-7000-8000-000000000001", name: "Northwind", currency: "EUR" };
const LABEL = { id: "0199ffff-0000-7000-8000-000000000001", name: "Dear", colour: "grey" };

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

test("a rule looks at the campaigns that were chosen, and waits for its maturity", async () => {
  const server = rules()
    .on("GET /campaigns/labels", { ...NONE, items: [LABEL], total: 1 })
    .on("GET /integrations/ad-accounts", { ...NONE, items: [ACCOUNT], total: 1 })
    .on("POST /rules", RULE);
  const { user } = open("/autopilot/rules/new");
  const scope = within(await screen.findByRole("region", { name: "Which campaigns" }));
  for (const name of ["Meta", "TikTok", "Northwind", "Dear", "Paused"])
    await user.click(await scope.findByLabelText(name));
  await user.selectOptions(scope.getByLabelText("Conversions of a day are known once"), "0.80");
  await user.type(screen.getByLabelText("Name"), "Stop loss");
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  await expect.poll(() => server.asked("POST /rules").length).toBe(1);
  const { definition } = server.asked("POST /rules")[0]?.body as typeof RULE;
  expect(definition.scope).toEqual({
    level: "campaign",
    statuses: ["active"],
    platforms: ["meta", "tiktok"],
    ad_account_ids: [ACCOUNT.id],
    label_ids: [LABEL.id],
  });
  expect(definition.minimum_maturity).toBe("0.80");
});

test("what is gone stays chosen until it is taken off", async () => {
  const scope = { ...RULE.definition.scope, ad_account_ids: ["gone"], statuses: [] };
  const server = rules().on(`GET /rules/${RULE.id}`, { ...RULE, definition: { ...RULE.definition, scope } });
  server.on(`PATCH /rules/${RULE.id}`, RULE);
  const { user } = open(`/autopilot/rules/${RULE.id}/edit`);
  const gone = await screen.findByLabelText("An account that is gone");
  expect(gone).toBeChecked();
  await user.click(gone);
  expect(screen.getByText("Say whether it looks at active or paused campaigns.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  expect(server.asked(`PATCH /rules/${RULE.id}`)).toEqual([]);
  await user.click(screen.getByLabelText("Paused"));
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  await expect.poll(() => server.asked(`PATCH /rules/${RULE.id}`).length).toBe(1);
  const sent = server.asked(`PATCH /rules/${RULE.id}`)[0]?.body as typeof RULE;
  expect([sent.definition.scope.ad_account_ids, sent.definition.scope.statuses]).toEqual([[], ["paused"]]);
});

test("a schedule has several parts of the week, to the end of a day", async () => {
  const server = rules().on("POST /rules", RULE);
  const { user } = open("/autopilot/rules/new");
  await user.click(await screen.findByRole("button", { name: "Only at some hours" }));
  await user.click(screen.getByRole("button", { name: "And at others" }));
  const second = within(screen.getByRole("region", { name: "Part 2" }));
  for (const day of ["Mon", "Tue", "Wed", "Thu", "Fri"]) await user.click(second.getByLabelText(day));
  await user.type(screen.getByLabelText("Name"), "Stop loss");
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  expect(screen.getByText("Choose a day for each part of the week.")).toBeVisible();
  for (const day of ["Sun", "Sat"]) await user.click(second.getByLabelText(day));
  fireEvent.change(second.getByLabelText("From"), { target: { value: "20:30" } });
  expect(screen.getByText(/A part of the day ends after it begins/)).toBeVisible();
  fireEvent.change(second.getByLabelText("Until"), { target: { value: "00:00" } });
  await user.click(screen.getByRole("button", { name: "Save rule" }));
  await expect.poll(() => server.asked("POST /rules").length).toBe(1);
  const sent = server.asked("POST /rules")[0]?.body as typeof RULE;
  expect(sent.schedule.parts).toEqual([
    { days: [0, 1, 2, 3, 4], since: "08:00", until: "18:00" },
    { days: [5, 6], since: "20:30", until: "24:00" },
  ]);
});

test("the set and the parts of the week are told in words", () => {
  const scope = blankDefinition("EUR").scope;
  const named = (id: string) => id.toUpperCase();
  expect(scopeInWords(scope, named, named)).toBe(null);
  const some = { ...scope, statuses: ["active" as const], platforms: ["meta" as const, "tiktok" as const] };
  expect(scopeInWords({ ...some, label_ids: ["a", "b"] }, named, named)).toBe(
    "Only active ones, of Meta or TikTok, labelled “A” or “B”",
  );
  const schedule = { every_minutes: 60 as const, at: "00:00", timezone: "UTC", parts: [] };
  const parts = [
    { days: [0, 1, 2, 3, 4], since: "08:00", until: "18:00" },
    { days: [6, 4], since: "20:00", until: "24:00" },
  ];
  expect(scheduleInWords({ ...schedule, parts })).toBe(
    "Every hour, only Mon–Fri 08:00 to 18:00 and Fri, Sun 20:00 to 24:00, UTC",
  );
  expect(openSchedule({ ...schedule, parts })).toBe(null);
});

test("an evaluation that was interrupted says so", async () => {
  const evaluation = {
    id: "0199aaaa-0000-7000-8000-000000000001",
    version: 1,
    due_at: "2026-11-23T07:00:00Z",
    evaluated_at: "2026-11-23T07:00:00Z",
    ended_at: null,
    considered: 9,
    held: 5,
    unknown: 0,
    acted: 3,
    unknown_by_reason: {},
    idle_by_reason: {},
    unknown_examples: [],
  };
  rules().on(`GET /rules/${RULE.id}/evaluations`, { items: [evaluation], next_cursor: null, limit: 20 });
  open(`/autopilot/rules/${RULE.id}`);
  expect(await screen.findByText(/it still acts, or was interrupted/)).toBeVisible();
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
