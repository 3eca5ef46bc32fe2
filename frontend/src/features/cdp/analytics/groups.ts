import type { Breakdown } from "@/api/types";

interface Head {
  label: string | null;
  value: string | null;
  rest: boolean;
}

/** What people call a group; who has no value is told apart from who has another. */
export function groupName({ label, rest }: Head, by: Breakdown | null | undefined): string {
  if (rest) return "All others";
  if (label !== null && label !== "") return label;
  if (by?.kind === "segment") return "In none of them";
  if (by?.kind === "lifecycle") return "Gone since";
  return label === "" ? "(empty)" : "Not known";
}

/** What people are told apart by, in words. */
export function breakdownSaid(by: Breakdown): string {
  switch (by.kind) {
    case "property":
      return `the property ${by.name} of the first event`;
    case "trait":
      return `the trait ${by.name}`;
    case "computed":
      return `the computed trait ${by.name}`;
    case "lifecycle":
      return "lifecycle";
    case "segment":
      return by.segment_ids.length === 1 ? "whether they are in a segment" : "segments";
  }
}
