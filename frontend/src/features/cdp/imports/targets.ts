import type { ImportColumn } from "@/api/types";

type Target = ImportColumn["to"];
type Choices = readonly (readonly [Target, string])[];

const NOTHING = ["ignore", "Nothing, leave it out"] as const;
const WHO: Choices = [
  ["email", "E-mail address"],
  ["phone", "Phone number"],
  ["user_id", "User id"],
  ["anonymous_id", "Anonymous id"],
  ["device_id", "Device id"],
];

/** What a column can become, in words. */
export const TARGETS: Readonly<Record<"people" | "events", Choices>> = {
  people: [
    NOTHING,
    ...WHO,
    ["trait", "Trait"],
    ["traits", "Several traits, an object"],
    ["consent", "Consent"],
    ["time", "When it was so"],
    ["message_id", "Id of the row"],
  ],
  events: [
    NOTHING,
    ...WHO,
    ["event", "Name of the event"],
    ["time", "When it happened"],
    ["property", "Property"],
    ["properties", "Several properties, an object"],
    ["consent", "Consent"],
    ["message_id", "Id of the event"],
  ],
};

export const TYPES = [
  ["text", "Text"],
  ["number", "Number"],
  ["boolean", "Yes or no"],
  ["json", "JSON"],
  ["as_is", "As it is"],
] as const;

/** The column with another target; where that wants a name, its own is proposed. */
export function withTarget(column: ImportColumn, chosen: string): ImportColumn {
  const to = [...TARGETS.people, ...TARGETS.events].find(([target]) => target === chosen)?.[0];
  if (to === undefined) return column;
  const plain = column.column.trim();
  const name = to === "trait" || to === "property" ? (plain === "" ? null : plain.slice(0, 200)) : null;
  return { ...column, to, name };
}
