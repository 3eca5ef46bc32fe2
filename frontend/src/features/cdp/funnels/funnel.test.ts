import { expect, test } from "vitest";
import type { FunnelAnswer, FunnelDefinition, FunnelStep } from "@/api/types";
import { definitionOf, funnelDraftOf, newFunnel, stepsSaid } from "./funnel-draft";
import { funnelRows } from "./funnel-rows";

const DEFINITION: FunnelDefinition = {
  steps: [
    {
      event: "Viewed",
      label: "Looked",
      where: [
        { property: "price", test: { op: "at_least", number: "10.5" } },
        { property: "colour", test: { op: "one_of", texts: ["red", "blue"] } },
        { property: "new", test: { op: "is_true" } },
      ],
    },
    { event: "Paid", label: null, where: [] },
  ],
  modes: ["strict_order"],
  window_seconds: 5_400,
  days: { kind: "between", since: "2026-11-01", until: "2026-11-30" },
  segment_id: "0199aaaa-0000-7000-8000-000000000001",
  breakdown: { kind: "property", name: "page", top: 3 },
};

test("a funnel that was saved is edited and asked as it is", () => {
  expect(definitionOf(funnelDraftOf(DEFINITION))).toEqual(DEFINITION);
  expect(funnelDraftOf(DEFINITION)).toMatchObject({ window: "90", unit: "minutes" });
  const odd = { ...DEFINITION, window_seconds: 101 };
  expect(definitionOf(funnelDraftOf(odd))).toEqual(odd);
});

test("what is not filled in cannot be asked", () => {
  const draft = funnelDraftOf(DEFINITION);
  const condition = { property: "price", op: "at_least", value: "much" } as const;
  expect(definitionOf(newFunnel())).toBeNull();
  expect(definitionOf({ ...draft, window: "0" })).toBeNull();
  expect(definitionOf({ ...draft, window: "367", unit: "days" })).toBeNull();
  expect(definitionOf({ ...draft, people: { ...draft.people, name: " " } })).toBeNull();
  expect(
    definitionOf({ ...draft, steps: draft.steps.map((each) => ({ ...each, where: [condition] })) }),
  ).toBeNull();
});

test("its steps are said in one line", () => {
  expect(stepsSaid(DEFINITION)).toBe("Looked → Paid");
});

test("the file has every figure of everybody and of each group", () => {
  const first: FunnelStep = {
    label: "Looked",
    people: 3,
    share_of_first: 1,
    share_of_previous: 1,
    dropped: 0,
    from_first: null,
    from_previous: null,
  };
  const times = { median: 1.5, p90: 9, spread: [1] };
  const second = { ...first, label: "Paid", people: 1, share_of_first: 1 / 3, dropped: 2, from_first: times };
  const answer: FunnelAnswer = {
    first_day: "2026-11-01",
    last_day: "2026-11-30",
    timezone: "UTC",
    as_of: "2026-12-24T10:00:00Z",
    complete: true,
    people: 3,
    still_open: 0,
    spread_from: [0],
    steps: [first, second],
    groups: [{ value: "=x", label: "=x", rest: false, still_open: 0, steps: [first, second] }],
  };
  const rows = funnelRows(answer, DEFINITION.breakdown);
  expect(rows).toHaveLength(5);
  expect(rows[2]).toEqual(["Everybody", 2, "Paid", 1, 1 / 3, 1, 2, null, null, 1.5, 9]);
  expect(rows[3]?.slice(0, 4)).toEqual(["=x", 1, "Looked", 3]);
});
