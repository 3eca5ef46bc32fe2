import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { CrmAccount } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { Loaded } from "@/design/states";
import { everySegmentQuery } from "@/features/cdp/segments/queries";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { crmCreationQuery, useChangeCrm } from "./queries";

const NOBODY = "";

/** Whose people are created at a CRM; how many they would be is shown before it is switched on. */
export function CreationForm({ account, onDone }: { account: CrmAccount; onDone: () => void }) {
  const maySee = useCan("cdp.segments:read");
  const segments = useQuery({ ...everySegmentQuery, enabled: maySee });
  const change = useChangeCrm(account);
  const [segment, setSegment] = useState(account.create_segment_id ?? NOBODY);
  const [createAs, setCreateAs] = useState(account.create_as);
  const [perDay, setPerDay] = useState(String(account.create_per_day));
  const errors = fieldsOf(change.error);
  const items = segments.data?.items ?? [];
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(
      {
        create_segment_id: segment === NOBODY ? null : segment,
        create_as: createAs,
        create_per_day: Number(perDay),
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-ink-2">
        People of this segment whom {account.name} does not know become contacts there: those who have an
        address and allow e-mail. Nobody whom somebody deletes there is created again.
      </p>
      <SelectField
        label="Segment"
        error={errors["create_segment_id"]}
        value={segment}
        onChange={(event) => {
          setSegment(event.target.value);
        }}
      >
        <option value={NOBODY}>Create nobody</option>
        {segment !== NOBODY && !items.some(({ id }) => id === segment) && <option>{segment}</option>}
        {items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      {account.creates_as.length > 1 && (
        <SelectField
          label="Created as"
          error={errors["create_as"]}
          value={createAs}
          onChange={(event) => {
            setCreateAs(event.target.value as CrmAccount["create_as"]);
          }}
        >
          {account.creates_as.map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </SelectField>
      )}
      <TextField
        label="The most in a day"
        type="number"
        min={1}
        max={10_000}
        required
        error={errors["create_per_day"]}
        value={perDay}
        onChange={(event) => {
          setPerDay(event.target.value);
        }}
      />
      {segment !== NOBODY && <Preview account={account} segmentId={segment} />}
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

function Preview({ account, segmentId }: { account: CrmAccount; segmentId: string }) {
  return (
    <Loaded query={useQuery(crmCreationQuery(account.id, segmentId))} rows={1}>
      {(found) => (
        <p role="status">
          {!found.is_whole && `Of the first ${integer(found.members)} people: `}
          <strong>{integer(found.to_create)} would be created.</strong> Of {integer(found.members)},{" "}
          {integer(found.with_email)} have an address, {integer(found.allowed)} of them allow e-mail,{" "}
          {integer(found.known)} are known there or were dealt with.
        </p>
      )}
    </Loaded>
  );
}
