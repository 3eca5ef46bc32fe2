import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { CrmAccount, CrmField } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { Loaded } from "@/design/states";
import { MappingRow } from "./mapping-row";
import { crmPropertiesQuery, useChangeCrm } from "./queries";

const NONE = "none";

/** Which property of a contact stands for what, which way it goes, and what a won deal is told as. */
export function MappingForm({ account, onDone }: { account: CrmAccount; onDone: () => void }) {
  const properties = useQuery(crmPropertiesQuery(account.id));
  const change = useChangeCrm(account);
  const [rows, setRows] = useState<readonly CrmField[]>(account.mapping);
  const [clears, setClears] = useState(account.clear_on_erasure);
  const [wonEvent, setWonEvent] = useState(account.won_event ?? NONE);
  const errors = fieldsOf(change.error);
  const put = (place: number, row: CrmField) => {
    setRows(rows.map((each, at) => (at === place ? row : each)));
  };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(
      {
        mapping: [...rows],
        won_event: wonEvent === NONE ? null : wonEvent,
        clear_on_erasure: clears,
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-ink-2">Another choice has every contact read and compared again.</p>
      {account.is_writable && !account.can_write && (
        <p className="text-ink-2">
          Whoever signed in allowed reading alone. To write contacts, sign in again with the right to write.
        </p>
      )}
      <Loaded query={properties} rows={3}>
        {({ items }) => (
          <ul className="space-y-2">
            {rows.map((row, place) => (
              <MappingRow
                key={place}
                place={place}
                row={row}
                properties={items}
                mayWrite={account.can_write}
                errors={errors}
                onChange={(changed) => {
                  put(place, changed);
                }}
                onRemove={() => {
                  setRows(rows.filter((_, at) => at !== place));
                }}
              />
            ))}
          </ul>
        )}
      </Loaded>
      <Button
        onClick={() => {
          setRows([
            ...rows,
            { property: "company", to: "trait", name: "company", direction: "from", wins: "newest" },
          ]);
        }}
      >
        One more
      </Button>
      <SelectField
        label="A won deal is told as"
        hint="Choose none where your deals are your shop’s own orders: they would count twice."
        value={wonEvent}
        onChange={(event) => {
          setWonEvent(event.target.value);
        }}
      >
        <option value={NONE}>None</option>
        {wonEvent !== NONE && wonEvent !== "Order Completed" && <option>{wonEvent}</option>}
        <option>Order Completed</option>
      </SelectField>
      {account.can_write && (
        <label className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-1 accent-accent"
            checked={clears}
            onChange={(event) => {
              setClears(event.target.checked);
            }}
          />
          When a person is erased here, empty there what was written of them.
        </label>
      )}
      {errors["mapping"] !== undefined && (
        <p role="alert" className="text-sm text-block">
          {errors["mapping"]}
        </p>
      )}
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
