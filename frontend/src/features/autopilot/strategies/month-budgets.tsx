import { useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import type { Strategy } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf } from "@/design/form";
import { ErrorNote, Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { amount } from "@/format/money";
import { type Budgets, budgetsIn } from "./budgets-form";
import { useSettleBudgets } from "./queries";

interface MonthBudgetsProps {
  strategy: Strategy;
  budgets: Budgets;
  mayChange: boolean;
}

/** What each account is to spend in a month; an account without one is left alone. */
export function MonthBudgets({ strategy, budgets, mayChange }: MonthBudgetsProps) {
  const accounts = useQuery(adAccountsQuery);
  const settle = useSettleBudgets(strategy.name);
  const wrong = fieldsOf(settle.error);
  return (
    <Loaded query={accounts} rows={2}>
      {({ items }) => {
        const enabled = items.filter((each) => each.enabled);
        const submit = (event: SyntheticEvent<HTMLFormElement>) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          settle.mutate(() => budgetsIn(form, enabled, budgets));
        };
        return (
          <form onSubmit={submit}>
            <fieldset disabled={!mayChange} className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
              <legend className="mb-2 font-medium">Each month’s budget</legend>
              {enabled.map(({ id, name, currency }) => (
                <TextField
                  key={id}
                  label={`${name}, ${currency}`}
                  hint="Empty: it is not paced."
                  name={id}
                  inputMode="decimal"
                  autoComplete="off"
                  defaultValue={budgets[id] === undefined ? "" : amount(budgets[id], currency)}
                  error={wrong[id]}
                />
              ))}
            </fieldset>
            {enabled.length === 0 && <p className="text-ink-2">No account is enabled.</p>}
            {settle.isError && <ErrorNote error={settle.error} />}
            {mayChange && enabled.length > 0 && (
              <div className="mt-4 flex items-center gap-3">
                <Button type="submit" busy={settle.isPending}>
                  Save budgets
                </Button>
                <span role="status" className="text-ink-2">
                  {settle.isSuccess && "Saved. The next run reads them."}
                </span>
              </div>
            )}
          </form>
        );
      }}
    </Loaded>
  );
}
