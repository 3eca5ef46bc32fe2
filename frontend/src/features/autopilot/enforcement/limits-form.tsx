import type { SyntheticEvent } from "react";
import { useCan } from "@/api/permissions";
import type { FieldErrors } from "@/api/errors";
import type { LimitChanges, Limits } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { fieldsOf } from "@/features/auth/door";
import { FIELDS, inheritedText, LEVELS, type LimitField, MODES, shown } from "./limit-values";
import { useEnforce, type Whose } from "./queries";

interface LimitsFormProps {
  whose: Whose;
  /** What this layer says itself. */
  says: LimitChanges;
  /** What holds where it says nothing; null for the tenant, which has no wider layer. */
  inherited: Limits | null;
  /** Of the amounts; empty: each account's own. */
  currency: string;
}

export function LimitsForm({ whose, says, inherited, currency }: LimitsFormProps) {
  const mayChange = useCan("autopilot.enforcement:write");
  const enforce = useEnforce(whose, currency);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    enforce.mutate(new FormData(event.currentTarget));
  };
  const errors = fieldsOf(enforce.error);
  return (
    <form onSubmit={submit} className="p-4">
      <fieldset disabled={!mayChange} className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <legend className="sr-only">Levels and limits</legend>
        {FIELDS.map((field) => (
          <Limit
            key={field.name}
            field={field}
            says={says}
            inherited={inherited}
            currency={currency}
            errors={errors}
          />
        ))}
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

interface LimitProps extends Pick<LimitsFormProps, "says" | "inherited" | "currency"> {
  field: LimitField;
  errors: FieldErrors;
}

function Limit({ field, says, inherited, currency, errors }: LimitProps) {
  const value = shown(field, says, currency);
  const wider = inherited === null ? null : inheritedText(field, inherited);
  const common = { name: field.name, defaultValue: value, error: errors[field.name] };
  if (field.kind === "choice")
    return (
      <SelectField label={field.label} {...common}>
        {wider !== null && <option value="">As the wider one: {wider}</option>}
        {(field.name === "mode" ? MODES : LEVELS).map(([key, word]) => (
          <option key={key} value={key}>
            {word}
          </option>
        ))}
      </SelectField>
    );
  const unit = field.kind === "amount" ? `, ${currency === "" ? "in the account’s currency" : currency}` : "";
  const hint =
    wider === null ? (field.optional === true ? "Empty: no limit." : field.hint) : `Empty: ${wider}.`;
  return (
    <TextField
      label={field.label + unit}
      hint={hint}
      inputMode={field.kind === "whole" ? "numeric" : "decimal"}
      autoComplete="off"
      required={wider === null && field.optional !== true}
      {...common}
    />
  );
}
