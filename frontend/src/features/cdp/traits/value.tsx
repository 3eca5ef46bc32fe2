import type { TraitDraft } from "@/api/types";
import { Money, Unknown } from "@/design/figures";
import { number } from "@/format/numbers";

/** A computed value; an amount in its currency. */
export function TraitValue({ value, definition }: { value: unknown; definition: TraitDraft }) {
  if (value === null || value === undefined) return <Unknown why="of no event, so there is no value" />;
  if (typeof value === "number")
    return definition.currency == null ? (
      <>{number(value)}</>
    ) : (
      <Money micros={value} currency={definition.currency} />
    );
  if (typeof value === "boolean") return <>{value ? "Yes" : "No"}</>;
  return <span className="break-words">{typeof value === "string" ? value : JSON.stringify(value)}</span>;
}
