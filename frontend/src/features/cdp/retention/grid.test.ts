import { expect, test } from "vitest";
import type { RetentionAnswer } from "@/api/types";
import { gridRow, placeName, retentionRows } from "./grid";

const COHORT = { begins_on: "2026-11-16", size: 4, returned: [2, 1, null], complete: 1 };

test("a period is over, running or to come, and only what is known is a number", () => {
  expect(gridRow(COHORT).cells).toEqual([
    { state: "over", people: 2, share: 0.5 },
    { state: "running", people: 1, share: 0.25 },
    { state: "to_come", people: null, share: null },
  ]);
});

test("a cohort of nobody has no shares", () => {
  const { cells } = gridRow({ begins_on: "2026-11-16", size: 0, returned: [0], complete: 1 });
  expect(cells).toEqual([{ state: "over", people: 0, share: null }]);
});

test("periods are counted from the cohort’s own", () => {
  expect([placeName("week", 0), placeName("month", 3)]).toEqual(["Week 0", "Month 3"]);
});

test("the file has what is on the page, and leaves the unknown empty", () => {
  const curve = { people: 4, returned: [2, 0, 0], of: [4, 0, 0], overall: [0.5, null, null] };
  const answer: RetentionAnswer = {
    first_day: "2026-11-16",
    last_day: "2026-11-22",
    timezone: "Europe/Berlin",
    as_of: "2026-11-25T10:00:00Z",
    complete: false,
    period: "week",
    cohorts: [COHORT],
    curve,
    groups: [{ value: null, label: null, rest: true, curve }],
  };
  const [head, cohort, everybody, group] = retentionRows(answer, { kind: "trait", name: "plan", top: 1 });
  expect(head?.slice(0, 5)).toEqual(["Group", "Began", "People", "Week 0", "Week 1"]);
  expect(cohort).toEqual(["Everybody", "2026-11-16", 4, 2, 1, null, 0.5, 0.25, null, 1]);
  expect(everybody?.slice(2)).toEqual([4, 2, null, null, 0.5, null, null, null]);
  expect(group?.[0]).toBe("All others");
});
