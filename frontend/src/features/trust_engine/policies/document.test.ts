import { expect, test } from "vitest";
import { changedDocument, differences, grouped, nameOf, weightsSum } from "./document";

const CURRENT = {
  version: 3,
  weights: { emq: 0.6, freshness: 0.4 },
  thresholds: { high: 80 },
  hold_from: 40,
};

test("a version is no setting, and what did not change is no difference", () => {
  expect(differences(CURRENT, { ...CURRENT, version: 4 })).toEqual([]);
});

test("each changed number is a difference, with what is new or gone", () => {
  const after = { ...CURRENT, weights: { emq: 0.5, freshness: 0.4, variance: 0.1 }, hold_from: undefined };
  expect(differences(CURRENT, after)).toEqual([
    { path: "weights.emq", before: 0.6, after: 0.5 },
    { path: "hold_from", before: 40, after: null },
    { path: "weights.variance", before: null, after: 0.1 },
  ]);
});

test("only what changed is sent, and a group whole, since it replaces the one in force", () => {
  const written = new Map([
    ["weights.emq", 0.5],
    ["weights.freshness", 0.5],
    ["hold_from", 40],
  ]);
  expect(changedDocument(CURRENT, written)).toEqual({ weights: { emq: 0.5, freshness: 0.5 } });
  expect(changedDocument(CURRENT, new Map([["weights.emq", 0.7]]))).toEqual({
    weights: { emq: 0.7, freshness: 0.4 },
  });
});

test("a setting that nobody has described yet is shown all the same", () => {
  const rest = grouped({ ...CURRENT, new_rule: 7 }).at(-1);
  expect(rest?.settings).toContainEqual({ path: "new_rule", value: 7 });
  expect(nameOf("new_rule")).toBe("New rule");
  expect(nameOf("weights.emq")).toBe("Weights: Event match quality");
});

test("the weights are summed without the other groups", () => {
  expect(weightsSum(CURRENT)).toBeCloseTo(1);
});
