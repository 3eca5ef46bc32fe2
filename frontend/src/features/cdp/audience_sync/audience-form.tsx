import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { AdAccount, AudienceCreate, AudienceIdentifier, AudienceOffer } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Loaded } from "@/design/states";
import { adAccountsQuery } from "@/features/integrations/ad_accounts/queries";
import { audienceOptionsQuery, segmentsToSendQuery } from "./queries";
import { IDENTIFIERS, INTERVALS, nameThere } from "./words";

interface AudienceFormProps {
  /** The segment that it is made from, where that is settled. */
  segmentId: string | undefined;
  busy: boolean;
  error: Error | null;
  onSubmit: (wish: AudienceCreate) => void;
}

/** Which segment goes where, and what people are found by. */
export function AudienceForm(props: AudienceFormProps) {
  const options = useQuery(audienceOptionsQuery);
  return <Loaded query={options}>{({ platforms }) => <Fields {...props} offers={platforms} />}</Loaded>;
}

function Fields({
  segmentId,
  busy,
  error,
  onSubmit,
  offers,
}: AudienceFormProps & { offers: readonly AudienceOffer[] }) {
  const accounts = useQuery(adAccountsQuery);
  const usable = takingAudiences(accounts.data?.items ?? [], offers);
  const [accountId, setAccountId] = useState("");
  const [chosen, setChosen] = useState<readonly AudienceIdentifier[]>(["email", "phone"]);
  const account = usable.find(({ id }) => id === accountId) ?? usable[0];
  const offer = offers.find(({ platform }) => platform === account?.platform);
  const fields = fieldsOf(error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (account === undefined || offer === undefined) return;
    const minutes = formText(event.currentTarget, "interval");
    onSubmit({
      name: formText(event.currentTarget, "name"),
      segment_id: formText(event.currentTarget, "segment"),
      ad_account_id: account.id,
      identifiers: offer.identifiers.filter((each) => chosen.includes(each)),
      holdout_percent: Number(formText(event.currentTarget, "holdout")),
      interval_minutes: minutes === "" ? null : Number(minutes),
    });
  };
  if (accounts.data !== undefined && usable.length === 0)
    return (
      <p className="text-ink-2">
        No ad account can take audiences yet. Connect one with the right to write, and enable it under
        Settings, Connections.
      </p>
    );
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Name"
        name="name"
        required
        maxLength={200}
        placeholder="Loyal customers"
        error={fields["name"]}
        hint="The platform shows it too."
      />
      <SegmentChoice chosen={segmentId} error={fields["segment_id"]} />
      <SelectField
        label="Ad account"
        value={account?.id ?? ""}
        error={fields["ad_account_id"]}
        onChange={(event) => {
          setAccountId(event.target.value);
        }}
      >
        {usable.map(({ id, name, platform }) => (
          <option key={id} value={id}>
            {name}: a {nameThere(platform)}
          </option>
        ))}
      </SelectField>
      <IdentifierChoice
        offered={offer?.identifiers ?? []}
        chosen={chosen}
        onChange={setChosen}
        error={fields["identifiers"]}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Kept in step"
          name="interval"
          defaultValue="60"
          error={fields["interval_minutes"]}
        >
          {INTERVALS.map(([minutes, word]) => (
            <option key={word} value={minutes ?? ""}>
              {word}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Held out, in percent"
          name="holdout"
          type="number"
          min={0}
          max={50}
          step={1}
          required
          defaultValue="0"
          error={fields["holdout_percent"]}
          hint="Drawn at random, never sent: to compare with."
        />
      </div>
      <FormError error={error} />
      <div className="flex justify-end">
        <Button type="submit" tone="primary" busy={busy} disabled={chosen.length === 0}>
          Send it
        </Button>
      </div>
    </form>
  );
}

function SegmentChoice({ chosen, error }: { chosen: string | undefined; error: string | undefined }) {
  const segments = useQuery(segmentsToSendQuery);
  const items = segments.data?.items ?? [];
  return (
    <SelectField
      key={segments.data === undefined ? "loading" : "loaded"}
      label="Segment"
      name="segment"
      required
      defaultValue={chosen ?? ""}
      error={error}
    >
      <option value="" disabled>
        Choose one
      </option>
      {items.map((segment) => (
        <option key={segment.id} value={segment.id}>
          {segment.name}
        </option>
      ))}
    </SelectField>
  );
}

function takingAudiences(
  accounts: readonly AdAccount[],
  offers: readonly AudienceOffer[],
): readonly AdAccount[] {
  return accounts.filter(
    (each) => each.enabled && each.write_lease && offers.some((offer) => offer.platform === each.platform),
  );
}

interface IdentifierChoiceProps {
  offered: readonly AudienceIdentifier[];
  chosen: readonly AudienceIdentifier[];
  onChange: (chosen: readonly AudienceIdentifier[]) => void;
  error: string | undefined;
}

function IdentifierChoice({ offered, chosen, onChange, error }: IdentifierChoiceProps) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-ink-2">What people are found by</legend>
      <div className="grid gap-1 sm:grid-cols-2">
        {offered.map((each) => (
          <label key={each} className="flex items-center gap-2 max-sm:min-h-9">
            <input
              type="checkbox"
              className="accent-accent"
              checked={chosen.includes(each)}
              onChange={(event) => {
                onChange(event.target.checked ? [...chosen, each] : chosen.filter((other) => other !== each));
              }}
            />
            {IDENTIFIERS[each]}
          </label>
        ))}
      </div>
      <p className="mt-1 text-sm text-ink-3">
        They leave hashed, and only of people who allow ads. More of them find more people.
      </p>
      {error !== undefined && (
        <p role="alert" className="mt-1 text-sm text-block">
          {error}
        </p>
      )}
    </fieldset>
  );
}
