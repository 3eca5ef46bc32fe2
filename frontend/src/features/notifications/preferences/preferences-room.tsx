import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { NotificationChoice, NotificationPreferences } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { OwnWhatsAppPanel } from "./own-whatsapp";
import { ownWhatsAppQuery, preferencesQuery, useChangePreferences } from "./queries";

export function PreferencesRoom() {
  const preferences = useQuery(preferencesQuery);
  const own = useQuery(ownWhatsAppQuery);
  return (
    <SettingsFrame>
      <Panel title="What you are told">
        <Loaded query={preferences} rows={7}>
          {({ choices }) => <Choices choices={choices} />}
        </Loaded>
      </Panel>
      <Panel title="Your WhatsApp">
        <Loaded query={own}>{(found) => <OwnWhatsAppPanel own={found} />}</Loaded>
      </Panel>
      <Panel title="When messages come">
        <Loaded query={preferences}>{(found) => <Hours found={found} />}</Loaded>
      </Panel>
    </SettingsFrame>
  );
}

type Way = "in_app" | "email" | "whatsapp";

function Choices({ choices }: { choices: readonly NotificationChoice[] }) {
  const told = choices.filter(({ may_hear }) => may_hear);
  return (
    <Table label="What you are told">
      <thead>
        <tr>
          <Th>When</Th>
          <Th>In the inbox</Th>
          <Th>By mail</Th>
          <Th>In WhatsApp</Th>
        </tr>
      </thead>
      <tbody>
        {told.map((choice) => (
          <ChoiceRow key={choice.kind} choice={choice} />
        ))}
      </tbody>
    </Table>
  );
}

function ChoiceRow({ choice }: { choice: NotificationChoice }) {
  const change = useChangePreferences();
  const box = (way: Way, label: string) => (
    <Box
      label={`${choice.name}: ${label}`}
      checked={choice[way]}
      onChange={(wanted) => change.mutateAsync({ choices: [{ kind: choice.kind, [way]: wanted }] })}
    />
  );
  return (
    <Tr>
      <Td>
        {choice.name}
        {!choice.in_app && !choice.email && !choice.whatsapp && <span className="text-ink-3"> · muted</span>}
        {change.isError && <ErrorNote error={change.error} />}
      </Td>
      <Td>{box("in_app", "in the inbox")}</Td>
      <Td>{box("email", "by mail")}</Td>
      <Td>{box("whatsapp", "in WhatsApp")}</Td>
    </Tr>
  );
}

interface BoxProps {
  label: string;
  checked: boolean;
  onChange: (wanted: boolean) => Promise<unknown>;
}

/** Shows at once what was wished; what was refused goes back to how it is. */
function Box({ label, checked, onChange }: BoxProps) {
  const [wish, setWish] = useState<boolean | null>(null);
  const settle = () => {
    setWish(null);
  };
  return (
    <label className="inline-flex size-8 items-center justify-center max-sm:size-10">
      <span className="sr-only">{label}</span>
      <input
        type="checkbox"
        className="accent-accent"
        checked={wish ?? checked}
        onChange={(event) => {
          setWish(event.target.checked);
          onChange(event.target.checked).then(settle, settle);
        }}
      />
    </label>
  );
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function Hours({ found }: { found: NotificationPreferences }) {
  const change = useChangePreferences();
  const [digest, setDigest] = useState(found.digest);
  const fields = fieldsOf(change.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const orNull = (name: string) => formText(form, name) || null;
    change.mutate({
      digest,
      ...(digest === "daily" ? { digest_at: formText(form, "digest_at") } : {}),
      quiet_from: orNull("quiet_from"),
      quiet_until: orNull("quiet_until"),
      timezone: orNull("timezone"),
    });
  };
  return (
    <form onSubmit={submit} className="max-w-xl space-y-4 p-4">
      <p className="text-ink-2">
        What is critical always comes at once. Everything else keeps to these hours.
      </p>
      <SelectField
        label="Mails and WhatsApp"
        name="digest"
        value={digest}
        onChange={(event) => {
          setDigest(event.target.value === "daily" ? "daily" : "immediate");
        }}
      >
        <option value="immediate">Each at once</option>
        <option value="daily">One of each a day, of all that happened</option>
      </SelectField>
      {digest === "daily" && (
        <TextField
          label="The daily message leaves at"
          name="digest_at"
          type="time"
          required
          defaultValue={found.digest_at}
          error={fields["digest_at"]}
        />
      )}
      <div className="grid grid-cols-2 gap-4">
        <TextField
          label="Quiet from"
          name="quiet_from"
          type="time"
          defaultValue={found.quiet_from ?? ""}
          error={fields["quiet_from"]}
        />
        <TextField
          label="until"
          name="quiet_until"
          type="time"
          defaultValue={found.quiet_until ?? ""}
          error={fields["quiet_until"]}
          hint="Leave both empty for none."
        />
      </div>
      <TextField
        label="Time zone"
        name="timezone"
        defaultValue={found.timezone_is_the_companys ? "" : found.timezone}
        placeholder={found.timezone}
        list="time-zones"
        autoComplete="off"
        error={fields["timezone"]}
        hint={`Empty: the company’s, ${found.timezone_is_the_companys ? found.timezone : "whichever it is"}. This browser is in ${ownZone()}.`}
      />
      <datalist id="time-zones">
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <FormError error={change.error} />
      <div className="flex items-center justify-end gap-3">
        {change.isSuccess && (
          <span role="status" className="text-ink-2">
            Saved.
          </span>
        )}
        <Button type="submit" tone="primary" busy={change.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
