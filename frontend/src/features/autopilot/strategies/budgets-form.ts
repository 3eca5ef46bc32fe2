import { ApiError } from "@/api/errors";
import type { AdAccount } from "@/api/types";
import { micros } from "@/format/money";

/** Micros of each account's currency, by its id. */
export type Budgets = Readonly<Record<string, number>>;

/** All budgets as the form leaves them: those of accounts that it does not show stay. */
export function budgetsIn(
  form: FormData,
  accounts: readonly Pick<AdAccount, "id" | "currency">[],
  standing: Budgets,
): Budgets {
  const wrong: Record<string, string> = {};
  const shown = new Set(accounts.map(({ id }) => id));
  const budgets = Object.fromEntries(Object.entries(standing).filter(([id]) => !shown.has(id)));
  for (const { id, currency } of accounts) {
    const typed = form.get(id);
    const text = typeof typed === "string" ? typed.trim() : "";
    if (text === "") continue;
    const value = micros(text, currency);
    if (value === null || value === 0) wrong[id] = "Write an amount above nothing.";
    else budgets[id] = value;
  }
  if (Object.keys(wrong).length > 0) throw new ApiError("A budget is not right.", 0, "form", null, wrong);
  return budgets;
}
