import type { components } from "@/api/schema";
import { ApiError } from "@/api/errors";
import { amount, micros } from "@/format/money";

/** The single figures of every strategy; each has some of them. */
export type Changes = Omit<components["schemas"]["StrategySettings"], "budgets">;
export type Name = keyof Changes;
/** One strategy's settings as they stand. */
export type Settings = Readonly<Record<string, unknown>>;

/** How a setting is written by people: a share as per cent, an amount in the campaign's currency. */
type Kind = "plain" | "whole" | "share" | "amount" | "amount or none";

export interface Field {
  readonly name: Name;
  readonly label: string;
  readonly hint?: string;
  readonly kind: Kind;
}

const MATURITY: Field = { name: "minimum_maturity", label: "A day is mature from, %", kind: "share" };
const CONVERSIONS: Field = { name: "minimum_conversions", label: "Conversions it needs", kind: "whole" };
const FLOOR: Field = {
  name: "floor_micros",
  label: "Budget at least",
  hint: "A day, in the campaign’s currency.",
  kind: "amount",
};
const CEILING: Field = {
  name: "ceiling_micros",
  label: "Budget at most",
  hint: "A day, in the campaign’s currency. Empty: none.",
  kind: "amount or none",
};
const LARGEST: Field = {
  name: "largest_change",
  label: "Change at most, %",
  hint: "20 at most.",
  kind: "share",
};

const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  performance_scaling: [
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
    MATURITY,
    CONVERSIONS,
    FLOOR,
    CEILING,
  ],
  reallocation: [
    { name: "window_days", label: "Curves from mature days, at most", kind: "whole" },
    { name: "minimum_days", label: "Mature days it needs", kind: "whole" },
    MATURITY,
    CONVERSIONS,
    LARGEST,
    { name: "least_change", label: "Leave changes under, %", kind: "share" },
    {
      name: "exploration",
      label: "Beyond spend ever seen, %",
      hint: "How far a budget may go where no day has been.",
      kind: "share",
    },
    {
      name: "most_unknown",
      label: "Widest elasticity interval",
      hint: "A wider one is an unknown curve: its budget is never raised.",
      kind: "plain",
    },
    { name: "least_gain", label: "Least gain of value, %", kind: "share" },
    { name: "rest_days", label: "Days between two plans", kind: "whole" },
    FLOOR,
    CEILING,
  ],
  budget_pacing: [
    {
      name: "begin_at",
      label: "Begin when off by, %",
      hint: "Of what the rest of the month would have to spend.",
      kind: "share",
    },
    { name: "end_at", label: "Go on until within, %", kind: "share" },
    { name: "part", label: "Part of the way at once, %", kind: "share" },
    LARGEST,
    { name: "rest_days", label: "Days between two changes", kind: "whole" },
    FLOOR,
  ],
  status_management: [
    { name: "target_roas", label: "Target ROAS", kind: "plain" },
    {
      name: "pause_below",
      label: "Pause surely under, % of target",
      hint: "Its highest likely return must lie under it.",
      kind: "share",
    },
    { name: "window_days", label: "Over mature days", kind: "whole" },
    MATURITY,
    { name: "minimum_spend_micros", label: "Spend it needs", kind: "amount" },
  ],
  ad_fatigue: [
    { name: "window_days", label: "Over days", kind: "whole" },
    { name: "least_fall", label: "Click rate fallen by, %", kind: "share" },
    { name: "minimum_clicks", label: "Clicks it needs", kind: "whole" },
  ],
};

/** What can be set of a strategy. */
export const fieldsFor = (strategy: string): readonly Field[] => FIELDS[strategy] ?? [];

/** ISO 4217's own code for none: an amount without a currency has two decimals. */
const NO_CURRENCY = "XXX";

/** Per cent without the noise of binary fractions: 0.07 is 7, not 7.000000000000001. */
const percent = (share: number) => Number((share * 100).toFixed(6));

export function shown({ name, kind }: Field, settings: Settings): string {
  const value = settings[name];
  if (typeof value !== "number") return "";
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
export function changesIn(form: FormData, fields: readonly Field[], settings: Settings): Changes {
  const wrong: Record<string, string> = {};
  const changes: Record<string, number | null> = {};
  for (const field of fields) {
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
