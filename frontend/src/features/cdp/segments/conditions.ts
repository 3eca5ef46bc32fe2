/** The API's conditions, with room for what is not filled in yet: an empty text, and null for a number. */

export type Comparison = "equals" | "less_than" | "at_most" | "more_than" | "at_least";
export type Stage = "anonymous" | "known" | "customer" | "churned";

export type ValueTest =
  | { readonly op: "exists" | "is_true" | "is_false" }
  | { readonly op: "is" | "contains" | "starts_with"; readonly text: string }
  | { readonly op: "one_of"; readonly texts: readonly string[] }
  | { readonly op: Comparison; readonly number: number | string | null }
  | { readonly op: "before" | "since"; readonly at: string };

export interface PropertyTest {
  readonly property: string;
  readonly test: ValueTest;
}

export type TimeTest =
  | { readonly op: "exists" }
  | { readonly op: "before" | "since"; readonly at: string }
  | { readonly op: "within_last" | "longer_ago_than"; readonly days: number | null };

export type Window =
  | { readonly kind: "last"; readonly days: number | null }
  | { readonly kind: "between"; readonly since: string; readonly until: string };

export type EventTest =
  | { readonly op: "did" | "did_not" }
  | { readonly op: "times"; readonly compare: Comparison; readonly value: number | null }
  | {
      readonly op: "sum";
      readonly property: string;
      readonly compare: Comparison;
      readonly number: number | string | null;
    }
  | {
      readonly op: "money";
      readonly currency: string;
      readonly compare: Comparison;
      readonly micros: number | null;
    }
  | { readonly op: "last"; readonly property: string; readonly test: ValueTest };

export interface EventCondition {
  readonly kind: "event";
  readonly event: string;
  readonly where: readonly PropertyTest[];
  readonly window: Window | null;
  readonly test: EventTest;
}
export interface TraitCondition {
  readonly kind: "trait" | "computed";
  readonly name: string;
  readonly test: ValueTest;
}
export interface StageCondition {
  readonly kind: "lifecycle";
  readonly one_of: readonly Stage[];
}
export interface HasCondition {
  readonly kind: "has";
  readonly identifier: "email" | "phone" | "user_id";
}
export interface CounterCondition {
  readonly kind: "counter";
  readonly field: "event_count" | "order_count" | "refund_count" | "identifier_count";
  readonly op: Comparison;
  readonly value: number | null;
}
export interface MoneyCondition {
  readonly kind: "money";
  readonly field: "revenue" | "refunded" | "net";
  readonly currency: string;
  readonly op: Comparison;
  readonly micros: number | null;
}
export interface TimeCondition {
  readonly kind: "time";
  readonly field: "first_seen_at" | "last_seen_at" | "first_order_at" | "last_order_at";
  readonly test: TimeTest;
}

export type Condition =
  | EventCondition
  | TraitCondition
  | StageCondition
  | HasCondition
  | CounterCondition
  | MoneyCondition
  | TimeCondition;

export type ConditionKind = Condition["kind"];

/** A rule as the API takes and gives it. */
export type Rule =
  | Condition
  | { readonly kind: "all" | "any"; readonly of: readonly Rule[] }
  | { readonly kind: "not"; readonly of: Rule };

const COMPARISONS: readonly string[] = ["equals", "less_than", "at_most", "more_than", "at_least"];

export function isComparison(op: string): op is Comparison {
  return COMPARISONS.includes(op);
}

/** A condition of a kind, with nothing chosen that people have to choose themselves. */
export function blank(kind: ConditionKind, currency = ""): Condition {
  switch (kind) {
    case "event":
      return { kind, event: "", where: [], window: { kind: "last", days: 30 }, test: { op: "did" } };
    case "trait":
    case "computed":
      return { kind, name: "", test: { op: "exists" } };
    case "lifecycle":
      return { kind, one_of: ["customer"] };
    case "has":
      return { kind, identifier: "email" };
    case "counter":
      return { kind, field: "order_count", op: "at_least", value: 1 };
    case "money":
      return { kind, field: "revenue", currency, op: "at_least", micros: null };
    case "time":
      return { kind, field: "last_seen_at", test: { op: "within_last", days: 30 } };
  }
}

function textsOf(test: ValueTest): readonly string[] {
  if ("texts" in test) return test.texts;
  return "text" in test && test.text !== "" ? [test.text] : [];
}

const TEXT_TESTS = ["is", "contains", "starts_with"] as const;

function isTextTest(op: ValueTest["op"]): op is (typeof TEXT_TESTS)[number] {
  return TEXT_TESTS.some((each) => each === op);
}

/** The same value put to another test, as far as it fits there. */
export function retested(test: ValueTest, op: ValueTest["op"]): ValueTest {
  if (op === "one_of") return { op, texts: textsOf(test) };
  if (isTextTest(op)) return { op, text: textsOf(test)[0] ?? "" };
  if (op === "before" || op === "since") return { op, at: "at" in test ? test.at : "" };
  if (isComparison(op)) return { op, number: "number" in test ? test.number : null };
  return { op };
}

export function retestedEvent(test: EventTest, op: EventTest["op"], currency: string): EventTest {
  const compare = "compare" in test ? test.compare : "at_least";
  const property = "property" in test ? test.property : "";
  switch (op) {
    case "times":
      return { op, compare, value: 2 };
    case "sum":
      return { op, property, compare, number: null };
    case "money":
      return { op, currency, compare, micros: null };
    case "last":
      return { op, property, test: { op: "is", text: "" } };
    default:
      return { op };
  }
}

/** What of a condition is still to be filled in, for those who build it; null where it can be asked. */
export function missing(condition: Condition): string | null {
  switch (condition.kind) {
    case "event":
      return missingOfEvent(condition);
    case "trait":
    case "computed":
      return missingOfTrait(condition);
    case "lifecycle":
      return condition.one_of.length === 0 ? "Choose at least one stage." : null;
    case "has":
      return null;
    case "counter":
      return condition.value === null ? "Fill in a number." : null;
    case "money":
      return missingOfMoney(condition);
    case "time":
      return missingOfTime(condition.test);
  }
}

function missingOfTrait({ kind, name, test }: TraitCondition): string | null {
  if (name === "") return kind === "trait" ? "Choose a trait." : "Choose a computed trait.";
  return missingOfValue(test);
}

function missingOfEvent({ event, where, window, test }: EventCondition): string | null {
  if (event === "") return "Choose an event.";
  for (const each of where) {
    if (each.property === "") return "Choose the property to filter by.";
    const fault = missingOfValue(each.test);
    if (fault !== null) return fault;
  }
  return missingOfWindow(window) ?? missingOfEventTest(test);
}

function missingOfWindow(window: Window | null): string | null {
  if (window === null) return null;
  if (window.kind === "last") return window.days === null ? "Fill in how many days." : null;
  return window.since === "" || window.until === "" ? "Fill in both days." : null;
}

function missingOfEventTest(test: EventTest): string | null {
  switch (test.op) {
    case "times":
      return test.value === null ? "Fill in how many times." : null;
    case "sum":
      if (test.property === "") return "Choose the property to add up.";
      return isNumber(test.number) ? null : "Fill in a number.";
    case "money":
      return missingOfMoney(test);
    case "last":
      return test.property === "" ? "Choose the property to look at." : missingOfValue(test.test);
    default:
      return null;
  }
}

function missingOfMoney(asked: { readonly currency: string; readonly micros: number | null }): string | null {
  if (!/^[A-Z]{3}$/.test(asked.currency)) return "Choose a currency, such as EUR.";
  return asked.micros === null ? "Fill in an amount." : null;
}

function missingOfTime(test: TimeTest): string | null {
  if ("days" in test) return test.days === null ? "Fill in how many days." : null;
  return "at" in test && test.at === "" ? "Choose a day." : null;
}

function missingOfValue(test: ValueTest): string | null {
  if ("text" in test) return test.text === "" && test.op !== "is" ? "Fill in a text." : null;
  if ("texts" in test) return test.texts.length === 0 ? "Fill in at least one value." : null;
  if ("at" in test) return test.at === "" ? "Choose a day." : null;
  if ("number" in test) return isNumber(test.number) ? null : "Fill in a number.";
  return null;
}

function isNumber(value: number | string | null): boolean {
  return value !== null && value !== "" && Number.isFinite(Number(value));
}
