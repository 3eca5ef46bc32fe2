import type { Drift } from "@/api/types";
import { plural, words } from "@/format/words";

export const DRIFTS: Readonly<Record<Drift["kind"], string>> = {
  new_event: "New today",
  stopped: "Stopped coming",
  type_changed: "Changed its type",
};

const TYPES: Readonly<Record<string, string>> = {
  yes_no: "yes or no",
  nothing: "nothing",
  personal: "personal, sealed",
};

export function typeWords(type: string): string {
  return TYPES[type] ?? words(type).toLowerCase();
}

/** What is other than it was, as one says it. */
export function driftSentence(drift: Drift): string {
  if (drift.kind === "new_event") return "This name was never seen before today";
  if (drift.kind === "stopped")
    return `It never stayed away for more than ${plural(drift.usual_days ?? 1, "day")}, and has not come since`;
  return `“${drift.property ?? ""}” was ${typeWords(drift.before ?? "")}, and is ${typeWords(drift.now ?? "")} too since`;
}
