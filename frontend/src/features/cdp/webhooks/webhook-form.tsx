import { useQuery } from "@tanstack/react-query";
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Webhook, WebhookCreate, WebhookTopic } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { segmentNamesQuery } from "./queries";
import { PURPOSES, TOPICS } from "./words";

interface WebhookFormProps {
  webhook?: Webhook;
  label: string;
  busy: boolean;
  error: Error | null;
  onSubmit: (wish: WebhookCreate) => void;
}

type Wished = Pick<Webhook, "name" | "url" | "topics" | "segment_ids" | "purpose" | "include_personal">;

const NOTHING: Wished = {
  name: "",
  url: "",
  topics: [],
  segment_ids: [],
  purpose: null,
  include_personal: false,
};

/** What a webhook is to be: a new one, or one that is changed. */
export function WebhookForm({ webhook, label, busy, error, onSubmit }: WebhookFormProps) {
  const was = webhook ?? NOTHING;
  const [topics, setTopics] = useState<readonly WebhookTopic[]>(was.topics);
  const maySeePersonal = useCan("cdp.profiles.personal:read");
  const fields = fieldsOf(error);
  const movesToo = topics.some((each) => each.startsWith("segment."));
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const purpose = PURPOSES.find(([each]) => each === form.get("purpose"))?.[0] ?? null;
    onSubmit({
      name: formText(event.currentTarget, "name"),
      url: formText(event.currentTarget, "url"),
      topics: [...topics],
      segment_ids: form.getAll("segment_ids").filter((each) => typeof each === "string"),
      include_personal: form.get("include_personal") !== null,
      purpose,
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Name"
        name="name"
        required
        maxLength={120}
        placeholder="Warehouse"
        defaultValue={was.name}
        error={fields["name"]}
      />
      <TextField
        label="Address"
        name="url"
        type="url"
        required
        maxLength={2000}
        placeholder="https://example.com/webhooks"
        defaultValue={was.url}
        error={fields["url"]}
        hint="Messages are posted there as JSON."
      />
      <Choices legend="Tell it when" error={fields["topics"]}>
        {TOPICS.map(([topic, sentence]) => (
          <Choice key={topic}>
            <input
              type="checkbox"
              className="accent-accent"
              checked={topics.includes(topic)}
              onChange={(event) => {
                setTopics((chosen) =>
                  event.target.checked ? [...chosen, topic] : chosen.filter((each) => each !== topic),
                );
              }}
            />
            {sentence}
          </Choice>
        ))}
        <p className="text-sm text-ink-3">Erasures are told to every webhook, whatever you choose.</p>
      </Choices>
      {movesToo && <SegmentChoice chosen={was.segment_ids} error={segmentError(fields)} />}
      <SelectField
        label="What it is used for"
        name="purpose"
        defaultValue={was.purpose ?? ""}
        hint="With a purpose, of people who have not agreed to it only an id is sent."
        error={fields["purpose"]}
      >
        <option value="">Your own systems, which follow the consents sent along</option>
        {PURPOSES.map(([purpose, word]) => (
          <option key={purpose} value={purpose}>
            {word}
          </option>
        ))}
      </SelectField>
      {(maySeePersonal || was.include_personal) && (
        <Choices legend="Personal data" error={fields["include_personal"]}>
          <Choice>
            <input
              type="checkbox"
              name="include_personal"
              className="accent-accent"
              defaultChecked={was.include_personal}
            />
            Send e-mail addresses, phone numbers and names in full
          </Choice>
        </Choices>
      )}
      <FormError error={error} />
      <div className="flex justify-end">
        <Button type="submit" tone="primary" busy={busy} disabled={topics.length === 0}>
          {label}
        </Button>
      </div>
    </form>
  );
}

function segmentError(fields: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(fields).find(([name]) => name.startsWith("segment_ids"))?.[1];
}

function SegmentChoice({ chosen, error }: { chosen: readonly string[]; error: string | undefined }) {
  const segments = useQuery(segmentNamesQuery);
  const items = segments.data?.items ?? [];
  return (
    <Choices legend="Only in these segments" error={error}>
      {items.length === 0 && <p className="text-ink-2">There is no segment yet: moves in all that come.</p>}
      {items.map((segment) => (
        <Choice key={segment.id}>
          <input
            type="checkbox"
            name="segment_ids"
            value={segment.id}
            className="accent-accent"
            defaultChecked={chosen.includes(segment.id)}
          />
          {segment.name}
        </Choice>
      ))}
      {items.length > 0 && <p className="text-sm text-ink-3">None chosen: in all of them.</p>}
    </Choices>
  );
}

interface ChoicesProps {
  legend: string;
  error: string | undefined;
  children: ReactNode;
}

function Choices({ legend, error, children }: ChoicesProps) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-ink-2">{legend}</legend>
      <div className="max-h-56 space-y-1 overflow-y-auto">{children}</div>
      {error !== undefined && (
        <p role="alert" className="mt-1 text-sm text-block">
          {error}
        </p>
      )}
    </fieldset>
  );
}

function Choice({ children }: { children: ReactNode }) {
  return <label className="flex items-center gap-2 max-sm:min-h-9">{children}</label>;
}
