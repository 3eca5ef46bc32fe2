import { money } from "@/format/money";
import { number } from "@/format/numbers";
import { dateTime } from "@/format/time";
import { plural } from "@/format/words";
import {
  type Comparison,
  type Condition,
  type CounterCondition,
  type EventCondition,
  type EventTest,
  type HasCondition,
  isComparison,
  type MoneyCondition,
  type PropertyTest,
  type StageCondition,
  type TimeTest,
  type TraitCondition,
  type ValueTest,
  type Window,
} from "./conditions";

/** A piece of a sentence; what somebody chose stands out. */
export interface Piece {
  readonly text: string;
  readonly chosen: boolean;
}

type Told = readonly Piece[];

const say = (text: string): Piece => ({ text, chosen: false });
const name = (text: string): Piece => ({ text: text === "" ? "…" : text, chosen: true });

export const COMPARISON_WORDS: Readonly<Record<Comparison, string>> = {
  at_least: "at least",
  more_than: "more than",
  equals: "exactly",
  at_most: "at most",
  less_than: "less than",
};

export const STAGE_WORDS = {
  anonymous: "anonymous",
  known: "known",
  customer: "customers",
  churned: "churned",
} as const;

export const COUNTER_WORDS = {
  event_count: "events",
  order_count: "orders",
  refund_count: "refunds",
  identifier_count: "identifiers",
} as const;

export const MONEY_WORDS = {
  revenue: "paid",
  refunded: "got back",
  net: "paid, less what they got back,",
} as const;

export const HAS_WORDS = {
  email: "an e-mail address",
  phone: "a phone number",
  user_id: "a user id",
} as const;

export const TIME_WORDS = {
  first_seen_at: "were first seen",
  last_seen_at: "were last seen",
  first_order_at: "first ordered",
  last_order_at: "last ordered",
} as const;

const NOT_TIME_WORDS = {
  first_seen_at: "were not first seen",
  last_seen_at: "were not last seen",
  first_order_at: "did not first order",
  last_order_at: "did not last order",
} as const;

/** A condition in plain words: "did Order Completed at least 2 times within the last 30 days where category is shoes". */
export function told(condition: Condition, negated = false): Told {
  switch (condition.kind) {
    case "event":
      return toldEvent(condition, negated);
    case "time":
      return toldTime(condition.field, condition.test, negated);
    case "trait":
    case "computed":
      return toldTrait(condition, negated);
    default:
      return toldOfProfile(condition, negated);
  }
}

type OfProfile = StageCondition | HasCondition | CounterCondition | MoneyCondition;

function toldOfProfile(condition: OfProfile, negated: boolean): Told {
  const have = negated ? "do not have " : "have ";
  switch (condition.kind) {
    case "lifecycle":
      return [
        say(negated ? "are not " : "are "),
        ...either(condition.one_of.map((each) => STAGE_WORDS[each])),
      ];
    case "has":
      return [say(have), name(HAS_WORDS[condition.identifier])];
    case "counter":
      return [
        say(have),
        name(
          `${COMPARISON_WORDS[condition.op]} ${amount(condition.value)} ${COUNTER_WORDS[condition.field]}`,
        ),
      ];
    case "money":
      return [
        say(`${negated ? "have not " : ""}${MONEY_WORDS[condition.field]} `),
        name(`${COMPARISON_WORDS[condition.op]} ${paid(condition.micros, condition.currency)}`),
        say(" in all"),
      ];
  }
}

function toldTrait(condition: TraitCondition, negated: boolean): Told {
  const { test } = condition;
  if (condition.kind === "computed" && condition.name === "rfm.cell" && test.op === "is")
    return [say(negated ? "are not " : "are "), name(test.text), say(" by recency, frequency and spending")];
  return [
    ...(negated ? [say("it is not so that ")] : []),
    say(condition.kind === "trait" ? "their trait " : "their computed "),
    name(condition.name),
    ...toldValue(test),
  ];
}

export function plain(pieces: Told): string {
  return pieces.map(({ text }) => text).join("");
}

function toldEvent({ event, where, window, test }: EventCondition, negated: boolean): Told {
  // "did not" may be the test itself, or the mark: both together are "did".
  const turned = (test.op === "did_not") !== negated;
  const did = test.op === "did" || test.op === "did_not" ? (turned ? "did not do " : "did ") : "";
  const filters = toldFilters(where);
  const when = toldWindow(window);
  if (did !== "") return [say(did), name(event), ...when, ...filters];
  return [
    ...(negated ? [say("it is not so that they ")] : []),
    ...toldEventTest(test, event, when),
    ...filters,
  ];
}

function toldEventTest(test: EventTest, event: string, when: Told): Told {
  switch (test.op) {
    case "times":
      return [
        say("did "),
        name(event),
        say(` ${COMPARISON_WORDS[test.compare]} `),
        name(test.value === null ? "… times" : plural(test.value, "time")),
        ...when,
      ];
    case "sum":
      return [
        say("did "),
        name(event),
        say(" with "),
        name(test.property),
        say(` adding up to ${COMPARISON_WORDS[test.compare]} `),
        name(amount(test.number)),
        ...when,
      ];
    case "money":
      return [
        say("did "),
        name(event),
        say(` worth ${COMPARISON_WORDS[test.compare]} `),
        name(paid(test.micros, test.currency)),
        say(" together"),
        ...when,
      ];
    case "last":
      return [
        say("did "),
        name(event),
        ...when,
        say(", the last time with "),
        name(test.property),
        ...toldValue(test.test),
      ];
    default:
      return [say("did "), name(event), ...when];
  }
}

function toldWindow(window: Window | null): Told {
  if (window === null) return [say(" at any time")];
  if (window.kind === "last")
    return [say(" within the last "), name(window.days === null ? "… days" : plural(window.days, "day"))];
  return [say(" between "), name(moment(window.since)), say(" and "), name(moment(window.until))];
}

function toldFilters(where: readonly PropertyTest[]): Told {
  return where.flatMap(({ property, test }, index) => [
    say(index === 0 ? " where " : " and "),
    name(property),
    ...toldValue(test),
  ]);
}

function toldTime(field: keyof typeof TIME_WORDS, test: TimeTest, negated: boolean): Told {
  const verb = (negated ? NOT_TIME_WORDS : TIME_WORDS)[field];
  switch (test.op) {
    case "exists":
      return [say(verb), say(" at all")];
    case "within_last":
      return [say(`${verb} within the last `), name(days(test.days))];
    case "longer_ago_than":
      return [say(`${verb} more than `), name(days(test.days)), say(" ago")];
    default:
      return [say(`${verb} ${test.op === "before" ? "before" : "on or after"} `), name(moment(test.at))];
  }
}

export function toldValue(test: ValueTest): Told {
  if (isComparison(test.op) && "number" in test)
    return [say(` is ${COMPARISON_WORDS[test.op]} `), name(amount(test.number))];
  if ("text" in test) return [say(` ${TEXT_WORDS[test.op]} `), quoted(test.text)];
  if ("texts" in test) return [say(" is "), ...either(test.texts)];
  if ("at" in test)
    return [say(test.op === "before" ? " is before " : " is on or after "), name(moment(test.at))];
  if (test.op === "is_true") return [say(" is "), name("yes")];
  if (test.op === "is_false") return [say(" is "), name("no")];
  return [say(" is known")];
}

const TEXT_WORDS = { is: "is", contains: "contains", starts_with: "starts with" } as const;

/** An empty text would read as nothing at all. */
function quoted(text: string): Piece {
  return name(text === "" ? "“”" : text);
}

function either(texts: readonly string[]): Told {
  if (texts.length === 0) return [name("")];
  return texts.flatMap((text, index) => [
    ...(index === 0 ? [] : [say(index === texts.length - 1 ? " or " : ", ")]),
    quoted(text),
  ]);
}

function days(count: number | null): string {
  return count === null ? "… days" : plural(count, "day");
}

function amount(value: number | string | null): string {
  return value === null || value === "" ? "…" : number(Number(value));
}

function paid(micros: number | null, currency: string): string {
  if (micros === null || !/^[A-Z]{3}$/.test(currency)) return "…";
  return money(micros, currency);
}

function moment(at: string): string {
  return at === "" ? "…" : dateTime(at);
}
