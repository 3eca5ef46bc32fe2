import { expect, test } from "vitest";
import type { Condition, EventCondition, Rule } from "./conditions";
import { plain, told } from "./sentences";
import { templatesFor } from "./templates";

const AT = "2026-11-01T00:00:00Z";
const EVENT: EventCondition = {
  kind: "event",
  event: "Order Completed",
  where: [],
  window: null,
  test: { op: "did" },
};
const said = (condition: Condition, negated = false) => plain(told(condition, negated));
const event = (members: Partial<EventCondition>) => said({ ...EVENT, ...members });

test.each<[Partial<EventCondition>, string]>([
  [{}, "did Order Completed at any time"],
  [
    { test: { op: "did_not" }, window: { kind: "last", days: 3 } },
    "did not do Order Completed within the last 3 days",
  ],
  [
    {
      test: { op: "times", compare: "at_least", value: 2 },
      window: { kind: "last", days: 30 },
      where: [{ property: "category", test: { op: "is", text: "shoes" } }],
    },
    "did Order Completed at least 2 times within the last 30 days where category is shoes",
  ],
  [
    { test: { op: "times", compare: "equals", value: 1 }, window: { kind: "last", days: 1 } },
    "did Order Completed exactly 1 time within the last 1 day",
  ],
  [
    { test: { op: "sum", property: "items", compare: "more_than", number: 10 } },
    "did Order Completed with items adding up to more than 10 at any time",
  ],
  [
    { test: { op: "money", currency: "USD", compare: "at_most", micros: 12_500_000 } },
    "did Order Completed worth at most $12.50 together at any time",
  ],
  [
    { test: { op: "last", property: "size", test: { op: "one_of", texts: ["s", "m", "l"] } } },
    "did Order Completed at any time, the last time with size is s, m or l",
  ],
  [
    {
      where: [
        { property: "total", test: { op: "at_least", number: "5.5" } },
        { property: "gift", test: { op: "is_true" } },
        { property: "coupon", test: { op: "exists" } },
      ],
    },
    "did Order Completed at any time where total is at least 5.5 and gift is yes and coupon is known",
  ],
])("an event is told in a sentence (%#)", (members, sentence) => {
  expect(event(members)).toBe(sentence);
});

test.each<[Condition, string, string]>([
  [{ kind: "has", identifier: "email" }, "have an e-mail address", "do not have an e-mail address"],
  [
    { kind: "lifecycle", one_of: ["known", "customer"] },
    "are known or customers",
    "are not known or customers",
  ],
  [
    { kind: "counter", field: "order_count", op: "at_least", value: 3 },
    "have at least 3 orders",
    "do not have at least 3 orders",
  ],
  [
    { kind: "money", field: "revenue", currency: "USD", op: "more_than", micros: 500_000_000 },
    "paid more than $500.00 in all",
    "have not paid more than $500.00 in all",
  ],
  [
    { kind: "time", field: "last_seen_at", test: { op: "within_last", days: 7 } },
    "were last seen within the last 7 days",
    "were not last seen within the last 7 days",
  ],
  [
    { kind: "time", field: "last_order_at", test: { op: "longer_ago_than", days: 90 } },
    "last ordered more than 90 days ago",
    "did not last order more than 90 days ago",
  ],
  [
    { kind: "time", field: "first_order_at", test: { op: "exists" } },
    "first ordered at all",
    "did not first order at all",
  ],
  [
    { kind: "trait", name: "plan", test: { op: "is", text: "pro" } },
    "their trait plan is pro",
    "it is not so that their trait plan is pro",
  ],
  [
    { kind: "computed", name: "visits", test: { op: "less_than", number: 2 } },
    "their computed visits is less than 2",
    "it is not so that their computed visits is less than 2",
  ],
  [
    { kind: "computed", name: "rfm.cell", test: { op: "is", text: "At Risk" } },
    "are At Risk by recency, frequency and spending",
    "are not At Risk by recency, frequency and spending",
  ],
  [
    { kind: "trait", name: "city", test: { op: "starts_with", text: "Ber" } },
    "their trait city starts with Ber",
    "it is not so that their trait city starts with Ber",
  ],
])("a condition is told, and that it must not hold (%#)", (condition, sentence, turned) => {
  expect(said(condition)).toBe(sentence);
  expect(said(condition, true)).toBe(turned);
});

test("did not, turned round, is did", () => {
  expect(said({ ...EVENT, test: { op: "did_not" } }, true)).toBe("did Order Completed at any time");
  expect(said(EVENT, true)).toBe("did not do Order Completed at any time");
});

test("moments are named", () => {
  expect(said({ kind: "time", field: "first_seen_at", test: { op: "since", at: AT } })).toMatch(
    /^were first seen on or after .*2026/,
  );
  expect(event({ window: { kind: "between", since: AT, until: "2026-11-08T00:00:00Z" } })).toMatch(
    / between .* and /,
  );
  expect(said({ kind: "trait", name: "renewal", test: { op: "before", at: AT } })).toMatch(
    /renewal is before .*2026/,
  );
});

test("what is not chosen yet is an ellipsis", () => {
  expect(event({ event: "" })).toBe("did … at any time");
});

const NOTHING = {
  sampled_events: 12,
  sampled_profiles: 3,
  since: AT,
  events: [],
  properties: [],
  traits: [],
  computed: [],
  currencies: [],
};

const named = (events: readonly string[], currencies: string[] = []) =>
  new Map(
    templatesFor({ ...NOTHING, events: events.map((name) => ({ name, count: 1 })), currencies }).map(
      (each) => [each.name, each],
    ),
  );

test("a template is built of the events that there are", () => {
  const found = named(["Product Added", "Order Completed", "Subscribed"], ["EUR"]);
  expect(found.get("Cart left within 3 days")?.rule).toMatchObject({
    kind: "all",
    of: [
      { event: "Product Added", test: { op: "did" }, window: { days: 3 } },
      { event: "Order Completed", test: { op: "did_not" }, window: { days: 3 } },
    ],
  } satisfies object as unknown as Rule);
  expect(found.get("Big spenders")?.rule).toMatchObject({ of: [{ kind: "money", currency: "EUR" }] });
  expect(found.get("Subscribed but never bought")?.rule).not.toBeNull();
});

test("a template whose events were never sent is not offered, and says what it needs", () => {
  const found = named(["Page Viewed"]);
  for (const name of ["Cart left within 3 days", "Big spenders", "Subscribed but never bought"]) {
    expect(found.get(name)?.rule).toBeNull();
    expect(found.get(name)?.needs).not.toBe("");
  }
  expect(found.get("Lapsed customers")?.rule).not.toBeNull();
});
