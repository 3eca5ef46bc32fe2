import { Link } from "@tanstack/react-router";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { FieldErrors } from "@/api/errors";
import type { LimitChanges, Limits } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf } from "@/design/form";
import { ErrorNote } from "@/design/states";
import { FIELDS, inheritedText, isCurrency, LEVELS, type LimitField, MODES, shown } from "./limit-values";
import { useEnforce, type Whose } from "./queries";

interface LimitsFormProps {
  whose: Whose;
  /** What this layer says itself. */
  says: LimitChanges;
  /** What holds where it says nothing; null for the tenant, which has no wider layer. */
  inherited: Limits | null;
  /** Of the amounts, the company's to set; empty: each account's own. */
  currency: string;
  /** What an account calls its own, where the company has none. */
  ownCurrency?: string;
}

export function LimitsForm({ whose, says, inherited, currency, ownCurrency = "" }: LimitsFormProps) {
  const mayChange = useCan("autopilot.enforcement:write");
  const [written, setWritten] = useState(currency);
  const enforce = useEnforce(whose, written, ownCurrency);
  const unit = (isCurrency(written) ? written : currency) || ownCurrency;
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
            currency={currency || ownCurrency}
            unit={unit}
            errors={errors}
          />
        ))}
        {inherited === null && (
          <TextField
            label="Currency of the amounts"
            name="currency"
            maxLength={3}
            autoComplete="off"
            value={written}
            error={errors["currency"]}
            hint={
              <>
                Empty: each account’s own. Accounts in others are held to it by the{" "}
                <Link to="/trust/rates" className={LINK}>
                  rates of exchange
                </Link>
                .
              </>
            }
            onChange={(event) => {
              setWritten(event.target.value.toUpperCase());
            }}
          />
        )}
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
  /** The currency that an amount is written in now. */
  unit: string;
  errors: FieldErrors;
}

function Limit({ field, says, inherited, currency, unit, errors }: LimitProps) {
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
  const told = field.kind === "amount" ? `, ${unit === "" ? "in the account’s currency" : unit}` : "";
  const hint =
    wider === null ? (field.optional === true ? "Empty: no limit." : field.hint) : `Empty: ${wider}.`;
  return (
    <TextField
      label={field.label + told}
      hint={hint}
      inputMode={field.kind === "whole" ? "numeric" : "decimal"}
      autoComplete="off"
      required={wider === null && field.optional !== true}
      {...common}
    />
  );
}
