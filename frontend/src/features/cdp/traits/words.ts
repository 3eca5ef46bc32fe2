import type { RfmCell, TraitDefinition } from "@/api/types";
import { plural } from "@/format/words";

export const KINDS: Readonly<Record<TraitDefinition["kind"], string>> = {
  count: "How many times",
  sum: "Sum",
  average: "Average",
  min: "Smallest",
  max: "Largest",
  first: "First value",
  last: "Latest value",
  unique_count: "How many different",
  exists: "Whether it happened",
};

/** "Sum of value in EUR over “Order Completed”, last 30 days". */
export function said({ kind, event, property, currency, window, where }: TraitDefinition): string {
  const of = currency != null ? ` of value in ${currency}` : property != null ? ` of ${property}` : "";
  const when =
    window == null
      ? "ever"
      : window.kind === "last"
        ? `last ${plural(window.days, "day")}`
        : `${window.since.slice(0, 10)} to ${window.until.slice(0, 10)}`;
  const only = where.length > 0 ? `, ${plural(where.length, "filter")}` : "";
  return `${KINDS[kind]}${of} over “${event}”${only}, ${when}`;
}

export const CELLS = [
  "Champions",
  "Loyal",
  "Potential Loyalist",
  "New",
  "At Risk",
  "Hibernating",
] as const satisfies readonly RfmCell[];

export const CELL_MEANS: Readonly<Record<RfmCell, string>> = {
  Champions: "Bought lately, often, and spend the most",
  Loyal: "Come back, and spend well",
  "Potential Loyalist": "Bought lately, not often yet",
  New: "Have only just begun",
  "At Risk": "Used to spend well, and have stayed away",
  Hibernating: "Bought little, and long ago",
};
