import type { SyntheticEvent } from "react";
import type { Strategy } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { fieldsOf } from "@/design/form";
import { ErrorNote } from "@/design/states";
import { useSettle } from "./queries";
import { fieldsFor, shown } from "./settings";

export function StrategyForm({ strategy, mayChange }: { strategy: Strategy; mayChange: boolean }) {
  const settle = useSettle(strategy);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    settle.mutate(new FormData(event.currentTarget));
  };
  const fields = fieldsOf(settle.error);
  return (
    <form onSubmit={submit}>
      <fieldset disabled={!mayChange} className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <legend className="sr-only">Settings</legend>
        {fieldsFor(strategy.name).map((field) => (
          <TextField
            key={field.name}
            label={field.label}
            hint={field.hint}
            name={field.name}
            inputMode="decimal"
            autoComplete="off"
            required={field.kind !== "amount or none"}
            defaultValue={shown(field, { ...strategy.config })}
            error={fields[field.name] ?? fields[`config.${field.name}`]}
          />
        ))}
      </fieldset>
      {settle.isError && (
        <div className="mt-4">
          <ErrorNote error={settle.error} />
        </div>
      )}
      {mayChange && (
        <div className="mt-4 flex items-center gap-3">
          <Button type="submit" tone="primary" busy={settle.isPending}>
            Save
          </Button>
          <span role="status" className="text-ink-2">
            {settle.isSuccess && "Saved. The next run reads it."}
          </span>
        </div>
      )}
    </form>
  );
}
