import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { CrmAccount, CrmDealField, CrmProperty } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { ErrorNote, Loaded } from "@/design/states";
import { crmPropertiesQuery, useAuthorizeCrm, useChangeCrm } from "./queries";

const VALUES: Readonly<Record<string, string>> = {
  "first_touch.source": "First visit: source",
  "first_touch.medium": "First visit: medium",
  "first_touch.campaign": "First visit: campaign",
  "first_touch.platform": "First visit: ad platform",
  "last_touch.source": "Last visit: source",
  "last_touch.medium": "Last visit: medium",
  "last_touch.campaign": "Last visit: campaign",
  "last_touch.platform": "Last visit: ad platform",
  lifetime_value: "What they have bought",
};

/** Which properties of a deal hold how its person came, and what they are worth. */
export function DealForm({ account, onDone }: { account: CrmAccount; onDone: () => void }) {
  return account.can_write_deals ? <Choice account={account} onDone={onDone} /> : <Ask account={account} />;
}

function Ask({ account }: { account: CrmAccount }) {
  const authorize = useAuthorizeCrm(account.provider);
  return (
    <div className="space-y-4">
      <p className="text-ink-2">
        Whoever signed in did not allow that deals are written. Sign in again with that right too; our app has
        to have it there.
      </p>
      {authorize.isError && <ErrorNote error={authorize.error} />}
      <Button
        tone="primary"
        busy={authorize.isPending}
        onClick={() => {
          authorize.mutate({ writes: true, writes_deals: true });
        }}
      >
        Allow writing deals
      </Button>
    </div>
  );
}

function Choice({ account, onDone }: { account: CrmAccount; onDone: () => void }) {
  const properties = useQuery(crmPropertiesQuery(account.id, "deals"));
  const change = useChangeCrm(account);
  const [rows, setRows] = useState<readonly CrmDealField[]>(account.deal_mapping);
  const errors = fieldsOf(change.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate({ deal_mapping: [...rows] }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-ink-2">
        A deal is its first contact’s that we know. A visit counts if it says where it came from and was
        before the deal was won or lost; where nothing is known, nothing is written. Amount and stage stay the
        sellers’: choose properties that were made for this.
      </p>
      <Loaded query={properties} rows={3}>
        {({ items }) => (
          <>
            <ul className="space-y-2">
              {rows.map((row, place) => (
                <Row
                  key={place}
                  place={place}
                  row={row}
                  properties={items}
                  error={errors[`deal_mapping.${place}.property`]}
                  onChange={(changed) => {
                    setRows(rows.map((each, at) => (at === place ? changed : each)));
                  }}
                  onRemove={() => {
                    setRows(rows.filter((_, at) => at !== place));
                  }}
                />
              ))}
            </ul>
            <Button
              onClick={() => {
                setRows([...rows, { property: firstOf(items, rows), to: "first_touch", name: "source" }]);
              }}
            >
              One more
            </Button>
          </>
        )}
      </Loaded>
      <FormError error={change.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={change.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

interface RowProps {
  place: number;
  row: CrmDealField;
  properties: readonly CrmProperty[];
  error: string | undefined;
  onChange: (row: CrmDealField) => void;
  onRemove: () => void;
}

function Row({ place, row, properties, error, onChange, onRemove }: RowProps) {
  const ours = properties.filter(isOurs);
  return (
    <li className="flex flex-wrap items-start gap-2 border-b border-line pb-2 last:border-b-0">
      <div className="w-56">
        <SelectField
          label={`Deal property ${place + 1}`}
          hideLabel
          required
          error={error}
          value={row.property}
          onChange={(event) => {
            onChange({ ...row, property: event.target.value });
          }}
        >
          {!ours.some(({ name }) => name === row.property) && (
            <option value={row.property} disabled={row.property === ""}>
              {row.property === "" ? "Deals have none of your own" : row.property}
            </option>
          )}
          {ours.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      <div className="w-52">
        <SelectField
          label={`Deal property ${place + 1} holds`}
          hideLabel
          value={row.name == null ? row.to : `${row.to}.${row.name}`}
          onChange={(event) => {
            onChange({ property: row.property, ...valueOf(event.target.value) });
          }}
        >
          {Object.entries(VALUES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      <Button aria-label={`Leave out deal property ${place + 1}`} onClick={onRemove}>
        Leave out
      </Button>
    </li>
  );
}

function isOurs(property: CrmProperty): boolean {
  return !property.is_standard && !property.is_read_only;
}

function firstOf(properties: readonly CrmProperty[], rows: readonly CrmDealField[]): string {
  const taken = new Set(rows.map(({ property }) => property));
  return properties.find((each) => isOurs(each) && !taken.has(each.name))?.name ?? "";
}

function valueOf(chosen: string): Pick<CrmDealField, "to" | "name"> {
  const [to, name = null] = chosen.split(".");
  return { to: to as CrmDealField["to"], name: name as NonNullable<CrmDealField["name"]> | null };
}
