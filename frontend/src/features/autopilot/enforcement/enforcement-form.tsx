import { useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useCan } from "@/api/permissions";
import type { Limits } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { fieldsOf } from "@/features/auth/door";
import { amount } from "@/format/money";
import { enforcementQuery, useEnforce } from "./queries";

export function EnforcementPanel() {
  const enforcement = useQuery(enforcementQuery);
  return (
    <Panel title="Enforcement and caps">
      <Loaded query={enforcement}>{(settings) => <EnforcementForm settings={settings} />}</Loaded>
    </Panel>
  );
}

/** ISO 4217's own code for none: an amount without a currency has two decimals. */
const NO_CURRENCY = "XXX";
const shown = (micros: number | null, currency: string) => (micros === null ? "" : amount(micros, currency));

function EnforcementForm({ settings }: { settings: Limits }) {
  const mayChange = useCan("autopilot.enforcement:write");
  const currency = settings.currency || NO_CURRENCY;
  const enforce = useEnforce(currency);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enforce.mutate(form);
  };
  const fields = fieldsOf(enforce.error);
  const unit = settings.currency || "in the account’s currency";
  return (
    <form onSubmit={submit} className="p-4">
      <fieldset disabled={!mayChange} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <SelectField
          label="When a limit is broken"
          name="mode"
          defaultValue={settings.mode}
          error={fields["mode"]}
        >
          <option value="advisory">Advisory: warn only</option>
          <option value="soft_block">Soft block: confirm, with a reason</option>
          <option value="hard_block">Hard block</option>
        </SelectField>
        <SelectField
          label="How far it goes by itself"
          name="level"
          defaultValue={settings.level}
          error={fields["level"]}
        >
          <option value={0}>0 · suggests only</option>
          <option value={1}>1 · acts within the caps</option>
          <option value={2}>2 · acts after approval</option>
        </SelectField>
        <TextField
          label="Increase per change, % at most"
          name="increase_limit_pct"
          type="number"
          min={0}
          max={100}
          step="any"
          required
          defaultValue={settings.increase_limit_pct}
          error={fields["increase_limit_pct"]}
        />
        <TextField
          label={`Daily budget at most, ${unit}`}
          name="max_daily_budget_micros"
          inputMode="decimal"
          hint="Empty: no cap."
          defaultValue={shown(settings.max_daily_budget_micros, currency)}
          error={fields["max_daily_budget_micros"]}
        />
        <TextField
          label={`Campaign budget at most, ${unit}`}
          name="max_campaign_budget_micros"
          inputMode="decimal"
          hint="Empty: no cap."
          defaultValue={shown(settings.max_campaign_budget_micros, currency)}
          error={fields["max_campaign_budget_micros"]}
        />
        <TextField
          label={`Raised in a day in all at most, ${unit}`}
          name="max_daily_increase_micros"
          inputMode="decimal"
          hint="Empty: no cap."
          defaultValue={shown(settings.max_daily_increase_micros, currency)}
          error={fields["max_daily_increase_micros"]}
        />
        <TextField
          label="Changes a day at most"
          name="max_changes_per_day"
          type="number"
          min={0}
          required
          defaultValue={settings.max_changes_per_day}
          error={fields["max_changes_per_day"]}
        />
        <TextField
          label="Hours between changes"
          name="min_hours_between"
          type="number"
          min={0}
          step="any"
          required
          defaultValue={settings.min_hours_between}
          error={fields["min_hours_between"]}
        />
        <TextField
          label="ROAS floor"
          name="roas_floor"
          inputMode="decimal"
          hint={`Over ${settings.roas_lookback_days} days. Empty: no floor.`}
          defaultValue={settings.roas_floor ?? ""}
          error={fields["roas_floor"]}
        />
      </fieldset>
      {enforce.isError && (
        <div className="mt-4">
          <ErrorNote error={enforce.error} />
        </div>
      )}
      {mayChange && (
        <div className="mt-4 flex items-center gap-3">
          <Button type="submit" tone="primary" busy={enforce.isPending}>
            Save
          </Button>
          <span role="status" className="text-ink-2">
            {enforce.isSuccess && "Saved. The next decision reads it."}
          </span>
        </div>
      )}
    </form>
  );
}
