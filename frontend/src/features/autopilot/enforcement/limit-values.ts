import { ApiError } from "@/api/errors";
import type { LimitChanges, Limits } from "@/api/types";
import { amount, micros } from "@/format/money";
import { number } from "@/format/numbers";

type LimitName = Exclude<keyof LimitChanges, "currency">;
type Kind = "choice" | "amount" | "whole" | "number";

export interface LimitField {
  readonly name: LimitName;
  readonly label: string;
  readonly kind: Kind;
  readonly hint?: string;
  /** There may be no such limit at all: empty takes it away. */
  readonly optional?: true;
}

export const MODES = [
  ["advisory", "Advisory: warn only"],
  ["soft_block", "Soft block: confirm, with a reason"],
  ["hard_block", "Hard block"],
] as const;

export const LEVELS = [
  ["0", "0 · suggests only"],
  ["1", "1 · acts within the caps"],
  ["2", "2 · acts after approval"],
] as const;

export const FIELDS: readonly LimitField[] = [
  { name: "mode", label: "When a limit is broken", kind: "choice" },
  { name: "level", label: "How far it goes by itself", kind: "choice" },
  { name: "increase_limit_pct", label: "Increase per change, % at most", kind: "number" },
  {
    name: "total_raise_pct",
    label: "Raised in 24 h in all, % at most",
    kind: "number",
    hint: "20 at most.",
  },
  { name: "max_changes_per_day", label: "Changes a day at most", kind: "whole" },
  { name: "min_hours_between", label: "Hours between changes", kind: "number" },
  { name: "max_daily_budget_micros", label: "Daily budget at most", kind: "amount", optional: true },
  { name: "max_campaign_budget_micros", label: "Campaign budget at most", kind: "amount", optional: true },
  { name: "max_daily_increase_micros", label: "Raised in a day at most", kind: "amount", optional: true },
  { name: "roas_floor", label: "ROAS floor", kind: "number", optional: true },
  { name: "roas_lookback_days", label: "ROAS over, days", kind: "whole" },
  { name: "cpa_ceiling_micros", label: "Cost per conversion at most", kind: "amount", optional: true },
];

/** ISO 4217's own code for none: an amount without a currency has two decimals. */
const NO_CURRENCY = "XXX";

/** A limit as its field shows it; empty where this layer says nothing. */
export function shown({ name, kind }: LimitField, says: LimitChanges, currency: string): string {
  const value = says[name] ?? null;
  if (value === null) return "";
  return kind === "amount" ? amount(Number(value), currency || NO_CURRENCY) : String(value);
}

/** What holds where this layer says nothing, in the words of the field. */
export function inheritedText({ name, kind }: LimitField, limits: Limits): string {
  const value = limits[name];
  if (value === null) return "no limit";
  if (kind === "amount") return amount(Number(value), limits.currency || NO_CURRENCY);
  if (name === "mode") return MODES.find(([mode]) => mode === value)?.[1] ?? String(value);
  if (name === "level") return LEVELS.find(([level]) => level === String(value))?.[1] ?? String(value);
  return number(Number(value));
}

type Read = { ok: true; value: string | number | null } | { ok: false; why: string };

function read({ name, kind, optional }: LimitField, text: string, currency: string, inherits: boolean): Read {
  if (text === "")
    return inherits || optional === true ? { ok: true, value: null } : { ok: false, why: "Write a number." };
  if (name === "mode") return { ok: true, value: text };
  if (kind === "amount") {
    const value = micros(text, currency || NO_CURRENCY);
    return value === null ? { ok: false, why: "Write an amount, such as 100.50." } : { ok: true, value };
  }
  const plain = text.replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(plain)) return { ok: false, why: "Write a number." };
  if (kind === "whole" && plain.includes(".")) return { ok: false, why: "Write a whole number." };
  return { ok: true, value: Number(plain) };
}

/** A currency's code, or none: then each account's own is meant. */
export const isCurrency = (code: string): boolean => code === "" || /^[A-Z]{3}$/.test(code);

/**
 * The form as one layer's limits, with the currency that its amounts are meant in. An empty field takes the limit back:
 * `inherits` leaves it to the wider layer; `ownCurrency` is the account's, where the company has none. What cannot be read is its field's error, never a zero.
 */
export function limitsFrom(
  form: FormData,
  currency: string,
  inherits: boolean,
  ownCurrency = "",
): LimitChanges {
  const wrong: Record<string, string> = {};
  const said: Record<string, string | number | null> = { currency: currency === "" ? null : currency };
  if (!isCurrency(currency)) wrong["currency"] = "Write its three letters, such as EUR.";
  for (const field of FIELDS) {
    const typed = form.get(field.name);
    const text = typeof typed === "string" ? typed.trim() : "";
    const found = read(field, text, (isCurrency(currency) && currency) || ownCurrency, inherits);
    if (found.ok) said[field.name] = found.value;
    else wrong[field.name] = found.why;
  }
  if (Object.keys(wrong).length > 0) throw new ApiError("A limit is not right.", 0, "form", null, wrong);
  return said;
}

/** What a layer says, in a line: "Level 1, Changes a day at most 3". */
export function summary(says: LimitChanges, currency: string): string {
  return FIELDS.flatMap((field) => {
    const text = shown(field, says, currency);
    if (text === "") return [];
    const unit = field.kind === "amount" && currency !== "" ? ` ${currency}` : "";
    if (field.name === "mode") return [MODES.find(([mode]) => mode === text)?.[1] ?? text];
    if (field.name === "level") return [`Level ${text}`];
    return [`${field.label} ${text}${unit}`];
  }).join(" · ");
}
