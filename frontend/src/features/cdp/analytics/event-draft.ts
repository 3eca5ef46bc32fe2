import type { EventChoice, ValueTest } from "@/api/types";

/** One condition on a property, as it is being typed. */
export interface WhereDraft {
  readonly property: string;
  readonly op: ValueTest["op"];
  readonly value: string;
}

/** Which events are meant, as it is being typed. */
export interface EventDraft {
  readonly event: string;
  readonly where: readonly WhereDraft[];
}

export const NO_EVENT: EventDraft = { event: "", where: [] };
export const NO_CONDITION: WhereDraft = { property: "", op: "is", value: "" };

export const OPS: readonly (readonly [ValueTest["op"], string])[] = [
  ["is", "is"],
  ["one_of", "is one of"],
  ["contains", "contains"],
  ["starts_with", "starts with"],
  ["exists", "is there"],
  ["equals", "= number"],
  ["more_than", "> number"],
  ["at_least", "≥ number"],
  ["less_than", "< number"],
  ["at_most", "≤ number"],
  ["is_true", "is true"],
  ["is_false", "is false"],
  ["before", "is before"],
  ["since", "is since"],
];

type Kind = "none" | "text" | "texts" | "number" | "time";

export function kindOf(op: ValueTest["op"]): Kind {
  switch (op) {
    case "exists":
    case "is_true":
    case "is_false":
      return "none";
    case "one_of":
      return "texts";
    case "before":
    case "since":
      return "time";
    case "is":
    case "contains":
    case "starts_with":
      return "text";
    default:
      return "number";
  }
}

/** The condition that was typed; null where it is none yet. */
export function testOf({ op, value }: WhereDraft): ValueTest | null {
  switch (op) {
    case "exists":
    case "is_true":
    case "is_false":
      return { op };
    case "is":
      return { op, text: value };
    case "contains":
    case "starts_with":
      return value === "" ? null : { op, text: value };
    case "one_of":
      return textsTest(value);
    case "before":
    case "since":
      return timeTest(op, value);
    default:
      return numberTest(op, value);
  }
}

function textsTest(value: string): ValueTest | null {
  const texts = value
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  return texts.length === 0 ? null : { op: "one_of", texts };
}

function timeTest(op: "before" | "since", value: string): ValueTest | null {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : { op, at: at.toISOString() };
}

function numberTest(op: Extract<ValueTest, { number: unknown }>["op"], value: string): ValueTest | null {
  const plain = value.trim().replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(plain) ? { op, number: plain } : null;
}

function typed(test: ValueTest): string {
  if ("text" in test) return test.text;
  if ("texts" in test) return test.texts.join(", ");
  if ("number" in test) return test.number;
  // As a field for the viewer's own time has it.
  return "at" in test ? new Date(Date.parse(test.at) - zoneOf(test.at)).toISOString().slice(0, 16) : "";
}

const zoneOf = (at: string): number => new Date(at).getTimezoneOffset() * 60_000;

export function choiceOf({ event, where }: EventDraft): EventChoice | null {
  const tests = where.map((each) => ({ property: each.property.trim(), test: testOf(each) }));
  if (event.trim() === "") return null;
  const known = tests.flatMap(({ property, test }) =>
    property === "" || test === null ? [] : [{ property, test }],
  );
  return known.length < tests.length ? null : { event: event.trim(), where: known };
}

export function draftOf({ event, where }: EventChoice): EventDraft {
  return {
    event,
    where: where.map(({ property, test }) => ({ property, op: test.op, value: typed(test) })),
  };
}

/** A choice of events in words: `Paid where plan is pro`. */
export function said({ event, where }: EventChoice): string {
  if (where.length === 0) return event;
  const conditions = draftOf({ event, where }).where.map(({ property, op, value }) => {
    const words = OPS.find(([each]) => each === op)?.[1] ?? op;
    return `${property} ${words.replace(" number", "")} ${value}`.trim();
  });
  return `${event} where ${conditions.join(" and ")}`;
}
