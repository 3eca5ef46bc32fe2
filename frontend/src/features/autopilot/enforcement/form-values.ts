import { ApiError } from "@/api/errors";
import type { Enforcement } from "@/api/types";
import { micros } from "@/format/money";

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

function cap(form: FormData, name: keyof Enforcement, currency: string): number | null {
  const text = textOf(form, name);
  if (text === "") return null;
  const value = micros(text, currency);
  if (value === null)
    throw new ApiError("An amount is not right.", 0, "form", null, {
      [name]: `Write an amount in ${currency}.`,
    });
  return value;
}

/** The form as settings; an amount that cannot be read is an error of its field, never a zero. */
export function settingsFrom(form: FormData, before: Enforcement): Enforcement {
  const floor = textOf(form, "roas_floor").replace(",", ".");
  return {
    ...before,
    mode: textOf(form, "mode") as Enforcement["mode"],
    level: Number(textOf(form, "level")) as Enforcement["level"],
    max_daily_budget_micros: cap(form, "max_daily_budget_micros", before.currency),
    max_campaign_budget_micros: cap(form, "max_campaign_budget_micros", before.currency),
    max_total_increase_micros: cap(form, "max_total_increase_micros", before.currency),
    budget_increase_limit_pct: Number(textOf(form, "budget_increase_limit_pct")),
    max_changes_per_day: Number(textOf(form, "max_changes_per_day")),
    min_hours_between_changes: Number(textOf(form, "min_hours_between_changes")),
    roas_floor: floor === "" ? null : Number(floor),
  };
}
