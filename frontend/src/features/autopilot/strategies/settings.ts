import { ApiError } from "@/api/errors";
import type { Strategy } from "@/api/types";
import { amount, micros } from "@/format/money";

export type Settings = Strategy["config"];
export type Name = keyof Settings;

/** How a setting is written by people: a share as per cent, an amount in the campaign's currency. */
type Kind = "plain" | "whole" | "share" | "amount" | "amount or none";

interface Field {
  readonly name: Name;
  readonly label: string;
  readonly hint?: string;
  readonly kind: Kind;
}

export const FIELDS: readonly Field[] = [
  { name: "target_roas", label: "Target ROAS", kind: "plain" },
  {
    name: "dead_band",
    label: "Dead band, %",
    hint: "This near the target it does nothing.",
    kind: "share",
  },
  { name: "raise_step", label: "Raise by, %", hint: "30 at most.", kind: "share" },
  { name: "cut_step", label: "Cut by, %", hint: "50 at most.", kind: "share" },
  { name: "window_days", label: "Over mature days", kind: "whole" },
  { name: "minimum_maturity", label: "A day is mature from, %", kind: "share" },
  { name: "minimum_conversions", label: "Conversions it needs", kind: "whole" },
  {
    name: "floor_micros",
    label: "Budget at least",
    hint: "A day, in the campaign’s currency.",
    kind: "amount",
  },
  {
    name: "ceiling_micros",
    label: "Budget at most",
    hint: "A day, in the campaign’s currency. Empty: none.",
    kind: "amount or none",
  },
];

/** ISO 4217's own code for none: an amount without a currency has two decimals. */
const NO_CURRENCY = "XXX";

/** Per cent without the noise of binary fractions: 0.07 is 7, not 7.000000000000001. */
const percent = (share: number) => Number((share * 100).toFixed(6));

export function shown({ name, kind }: Field, settings: Settings): string {
  const value = settings[name];
  if (value === null) return "";
  if (kind === "share") return String(percent(value));
  return kind.startsWith("amount") ? amount(value, NO_CURRENCY) : String(value);
}

function read(kind: Kind, text: string): number | null {
  if (kind.startsWith("amount")) return micros(text, NO_CURRENCY);
  const plain = text.replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(plain)) return null;
  const value = Number(plain);
  if (kind === "whole") return Number.isInteger(value) ? value : null;
  return kind === "share" ? Number((value / 100).toFixed(8)) : value;
}

/** What the form changes of the settings; what cannot be read is its field's error, never a zero. */
export function changesIn(form: FormData, settings: Settings): Partial<Settings> {
  const wrong: Record<string, string> = {};
  const changes: Record<string, number | null> = {};
  for (const field of FIELDS) {
    const typed = form.get(field.name);
    const text = typeof typed === "string" ? typed.trim() : "";
    if (text === shown(field, settings)) continue;
    const value = text === "" && field.kind === "amount or none" ? null : read(field.kind, text);
    if (value === null && !(text === "" && field.kind === "amount or none"))
      wrong[field.name] = field.kind === "whole" ? "Write a whole number." : "Write a number.";
    else changes[field.name] = value;
  }
  if (Object.keys(wrong).length > 0) throw new ApiError("A setting is not right.", 0, "form", null, wrong);
  return changes;
}
