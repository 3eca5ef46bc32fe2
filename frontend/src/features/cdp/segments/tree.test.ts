import { expect, test } from "vitest";
import { blank, type Condition, type ConditionKind, missing, retested, type Rule } from "./conditions";
import {
  added,
  conditionsOf,
  duplicated,
  emptyTree,
  faultsByPart,
  find,
  fromRule,
  type Group,
  groupOf,
  hasRoom,
  leafOf,
  levels,
  moved,
  movesOf,
  parentOf,
  removed,
  toRule,
  withCondition,
  withJoin,
  withNegated,
} from "./tree";

const HAS: Condition = { kind: "has", identifier: "email" };
const CUSTOMER: Condition = { kind: "lifecycle", one_of: ["customer"] };
const BOUGHT: Condition = {
  kind: "event",
  event: "Order Completed",
  where: [{ property: "category", test: { op: "is", text: "shoes" } }],
  window: { kind: "last", days: 30 },
  test: { op: "times", compare: "at_least", value: 2 },
};

const ruleOf = (root: Group): Rule | undefined => toRule(root)?.rule;
const keyOf = (root: Group, condition: Condition): string =>
  conditionsOf(root).find((leaf) => leaf.condition === condition)?.key ?? "";

test.each<[string, Rule]>([
  ["every one of them", { kind: "all", of: [HAS, CUSTOMER] }],
  ["one of them", { kind: "any", of: [HAS, CUSTOMER] }],
  ["a condition that must not hold", { kind: "all", of: [{ kind: "not", of: HAS }, BOUGHT] }],
  [
    "groups in groups",
    {
      kind: "all",
      of: [BOUGHT, { kind: "any", of: [HAS, { kind: "not", of: { kind: "all", of: [CUSTOMER] } }] }],
    },
  ],
])("a rule of %s is the same after it was read and written", (_, rule) => {
  expect(ruleOf(fromRule(rule))).toEqual(rule);
});

test("a rule of one condition gets a group around it, and one that must not hold as a whole too", () => {
  expect(ruleOf(fromRule(HAS))).toEqual({ kind: "all", of: [HAS] });
  const none: Rule = { kind: "not", of: { kind: "any", of: [HAS, CUSTOMER] } };
  expect(ruleOf(fromRule(none))).toEqual({ kind: "all", of: [none] });
});

test("not of not is what it was", () => {
  const rule: Rule = { kind: "all", of: [{ kind: "not", of: { kind: "not", of: HAS } }] };
  expect(ruleOf(fromRule(rule))).toEqual({ kind: "all", of: [HAS] });
});

test("what the API leaves out of an event is filled in", () => {
  const short = { kind: "event", event: "Viewed" } as unknown as Rule;
  expect(ruleOf(fromRule(short))).toEqual({
    kind: "all",
    of: [{ kind: "event", event: "Viewed", where: [], window: null, test: { op: "did" } }],
  });
});

test("an empty tree, or one with an empty group, is no rule yet", () => {
  expect(toRule(emptyTree())).toBeNull();
  expect(toRule(groupOf([leafOf(HAS), groupOf([])]))).toBeNull();
});

test("conditions are added, changed, turned round and removed", () => {
  let root = emptyTree();
  root = added(root, root.key, leafOf(HAS));
  root = added(root, root.key, groupOf([leafOf(CUSTOMER)], "any"));
  expect(ruleOf(root)).toEqual({ kind: "all", of: [HAS, { kind: "any", of: [CUSTOMER] }] });
  const churned: Condition = { kind: "lifecycle", one_of: ["churned"] };
  root = withCondition(root, keyOf(root, CUSTOMER), churned);
  root = withNegated(root, keyOf(root, HAS), true);
  root = withJoin(root, root.key, "any");
  expect(ruleOf(root)).toEqual({
    kind: "any",
    of: [
      { kind: "not", of: HAS },
      { kind: "any", of: [churned] },
    ],
  });
  // The group goes with the last of its conditions.
  root = removed(root, keyOf(root, churned));
  expect(ruleOf(root)).toEqual({ kind: "any", of: [{ kind: "not", of: HAS }] });
  root = removed(root, keyOf(root, HAS));
  expect(root.of).toEqual([]);
});

test("what is not touched stays the same object", () => {
  const root = fromRule({ kind: "all", of: [HAS, { kind: "any", of: [CUSTOMER] }] });
  const next = withCondition(root, keyOf(root, HAS), BOUGHT);
  expect(next.of[1]).toBe(root.of[1]);
  expect(next.key).toBe(root.key);
});

test("a copy stands behind what it is of, with keys of its own", () => {
  const root = fromRule({ kind: "all", of: [{ kind: "any", of: [HAS, CUSTOMER] }, BOUGHT] });
  const next = duplicated(root, root.of[0]?.key ?? "");
  expect(ruleOf(next)).toEqual({
    kind: "all",
    of: [{ kind: "any", of: [HAS, CUSTOMER] }, { kind: "any", of: [HAS, CUSTOMER] }, BOUGHT],
  });
  const keys = conditionsOf(next).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a condition moves up and down, but not past the ends", () => {
  const root = fromRule({ kind: "all", of: [HAS, CUSTOMER] });
  const key = keyOf(root, HAS);
  expect(ruleOf(moved(root, key, "down"))).toEqual({ kind: "all", of: [CUSTOMER, HAS] });
  expect(moved(root, key, "up")).toBe(root);
  expect(movesOf(root, key)).toEqual(new Set(["down", "in"]));
});

test("it moves into the group before it, or into one of its own", () => {
  const root = fromRule({ kind: "all", of: [{ kind: "any", of: [CUSTOMER] }, HAS, BOUGHT] });
  const joined = moved(root, keyOf(root, HAS), "in");
  expect(ruleOf(joined)).toEqual({ kind: "all", of: [{ kind: "any", of: [CUSTOMER, HAS] }, BOUGHT] });
  const alone = moved(root, keyOf(root, BOUGHT), "in");
  expect(ruleOf(alone)).toEqual({
    kind: "all",
    of: [{ kind: "any", of: [CUSTOMER] }, HAS, { kind: "any", of: [BOUGHT] }],
  });
});

test("it moves out behind its group, or in the place of one that it leaves empty", () => {
  const root = fromRule({ kind: "all", of: [{ kind: "any", of: [HAS, CUSTOMER] }, BOUGHT] });
  const out = moved(root, keyOf(root, HAS), "out");
  expect(ruleOf(out)).toEqual({ kind: "all", of: [{ kind: "any", of: [CUSTOMER] }, HAS, BOUGHT] });
  expect(ruleOf(moved(out, keyOf(out, CUSTOMER), "out"))).toEqual({
    kind: "all",
    of: [CUSTOMER, HAS, BOUGHT],
  });
  expect(moved(root, keyOf(root, BOUGHT), "out")).toBe(root);
});

test("levels are counted as the API counts them, a not among them", () => {
  const rule: Rule = { kind: "all", of: [{ kind: "not", of: { kind: "any", of: [HAS] } }] };
  expect(levels(fromRule(rule))).toBe(4);
  expect(levels(fromRule({ kind: "all", of: [HAS] }))).toBe(2);
});

test("there is room for six levels and no more", () => {
  let rule: Rule = HAS;
  for (let level = 0; level < 4; level += 1) rule = { kind: "all", of: [rule] };
  const root = fromRule(rule);
  const deepest = parentOf(root, keyOf(root, HAS))?.key ?? "";
  expect(levels(root)).toBe(5);
  expect(hasRoom(root, deepest)).toBe(true);
  expect(hasRoom(root, deepest, 2)).toBe(true);
  const full = fromRule({ kind: "all", of: [rule] });
  expect(hasRoom(full, parentOf(full, keyOf(full, HAS))?.key ?? "", 2)).toBe(false);
});

test("there is room for twenty in a group", () => {
  const root = fromRule({ kind: "all", of: Array.from({ length: 20 }, () => HAS) });
  expect(hasRoom(root, root.key)).toBe(false);
});

test("faults are put beside the conditions that they name, with the kinds between or without", () => {
  const root = fromRule({
    kind: "all",
    of: [HAS, { kind: "not", of: { kind: "any", of: [BOUGHT, CUSTOMER] } }],
  });
  const written = toRule(root);
  const faults = faultsByPart(
    {
      "rule.of.1.of.of.0.where.0.property": "It is sealed.",
      "rule.all.of.0.has.identifier": "Choose one.",
      name: "Give it a name.",
    },
    written?.places ?? new Map(),
  );
  expect(faults).toEqual(
    new Map([
      [keyOf(root, BOUGHT), "It is sealed."],
      [keyOf(root, HAS), "Choose one."],
    ]),
  );
});

test("a fault of the whole rule stands at its top", () => {
  const root = fromRule(HAS);
  expect(faultsByPart({ rule: "Too deep." }, toRule(root)?.places ?? new Map())).toEqual(
    new Map([[root.key, "Too deep."]]),
  );
});

test("each part is found by its key", () => {
  const root = fromRule({ kind: "all", of: [HAS, { kind: "any", of: [CUSTOMER] }] });
  expect(find(root, keyOf(root, CUSTOMER))).toMatchObject({ condition: CUSTOMER });
  expect(find(root, "nothing")).toBeUndefined();
});

test.each<[ConditionKind, string | null]>([
  ["event", "Choose an event."],
  ["trait", "Choose a trait."],
  ["computed", "Choose a computed trait."],
  ["lifecycle", null],
  ["has", null],
  ["counter", null],
  ["money", "Choose a currency, such as EUR."],
  ["time", null],
])("a new condition of %s says what it misses", (kind, open) => {
  expect(missing(blank(kind))).toBe(open);
});

test("what is half filled in is said", () => {
  expect(missing({ ...BOUGHT, where: [{ property: "", test: { op: "exists" } }] })).toMatch(/property/);
  expect(missing({ ...BOUGHT, window: { kind: "last", days: null } })).toMatch(/days/);
  expect(
    missing({
      ...BOUGHT,
      test: { op: "last", property: "size", test: { op: "one_of", texts: [] } },
    }),
  ).toMatch(/value/);
  expect(missing({ kind: "money", field: "net", currency: "EUR", op: "at_least", micros: null })).toMatch(
    /amount/,
  );
  expect(missing(BOUGHT)).toBeNull();
});

test("a value goes along to another test as far as it fits", () => {
  expect(retested({ op: "is", text: "pro" }, "one_of")).toEqual({ op: "one_of", texts: ["pro"] });
  expect(retested({ op: "one_of", texts: ["pro", "free"] }, "contains")).toEqual({
    op: "contains",
    text: "pro",
  });
  expect(retested({ op: "at_least", number: 3 }, "at_most")).toEqual({ op: "at_most", number: 3 });
  expect(retested({ op: "is", text: "pro" }, "exists")).toEqual({ op: "exists" });
  expect(retested({ op: "is", text: "pro" }, "before")).toEqual({ op: "before", at: "" });
});
