import { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { micros } from "@/format/money";

type Changes = components["schemas"]["LimitsPatch"];
type Cap = "max_daily_budget_micros" | "max_campaign_budget_micros" | "max_daily_increase_micros";

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

function cap(form: FormData, name: Cap, currency: string): number | null {
  const text = textOf(form, name);
  if (text === "") return null;
  const value = micros(text, currency);
  if (value === null)
    throw new ApiError("An amount is not right.", 0, "form", null, {
      [name]: "Write an amount, such as 100.50.",
    });
  return value;
}

/** The form as a change of the tenant's limits; an amount that cannot be read is its field's error, never a zero. */
export function changesFrom(form: FormData, currency: string): Changes {
  const floor = textOf(form, "roas_floor").replace(",", ".");
  return {
    applies_to: "tenant",
    mode: textOf(form, "mode") as NonNullable<Changes["mode"]>,
    level: Number(textOf(form, "level")),
    max_daily_budget_micros: cap(form, "max_daily_budget_micros", currency),
    max_campaign_budget_micros: cap(form, "max_campaign_budget_micros", currency),
    max_daily_increase_micros: cap(form, "max_daily_increase_micros", currency),
    increase_limit_pct: Number(textOf(form, "increase_limit_pct")),
    max_changes_per_day: Number(textOf(form, "max_changes_per_day")),
    min_hours_between: Number(textOf(form, "min_hours_between")),
    roas_floor: floor === "" ? null : Number(floor),
  };
}
