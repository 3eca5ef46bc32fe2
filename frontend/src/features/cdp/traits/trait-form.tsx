import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { FieldErrors } from "@/api/errors";
import type { Trait, TraitDefinition, TraitDraft } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { PersonLink } from "../profiles/person";
import { ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { vocabularyQuery } from "../segments/queries";
import { useDebounced } from "../segments/use-debounced";
import { previewQuery, useSaveTrait } from "./queries";
import { TraitValue } from "./value";
import { KINDS } from "./words";

const OF_NUMBERS: readonly string[] = ["sum", "average", "min", "max"];
const OF_WHOLE: readonly string[] = ["count", "exists"];
const PAUSE_MS = 400;

interface Draft {
  name: string;
  description: string;
  kind: TraitDefinition["kind"];
  event: string;
  of: "value" | "property";
  property: string;
  currency: string;
  days: string;
}

const BLANK: Draft = {
  name: "",
  description: "",
  kind: "count",
  event: "",
  of: "value",
  property: "",
  currency: "",
  days: "",
};

function draftOf(trait: Trait): Draft {
  const { kind, event, property, currency, window } = trait.definition;
  return {
    name: trait.name,
    description: trait.description,
    kind,
    event,
    of: property === null ? "value" : "property",
    property: property ?? "",
    currency: currency ?? "",
    days: window?.kind === "last" ? String(window.days) : "",
  };
}

function ofValue({ kind, of }: Draft): boolean {
  return OF_NUMBERS.includes(kind) && of === "value";
}

function ofProperty(draft: Draft): boolean {
  return !OF_WHOLE.includes(draft.kind) && !ofValue(draft);
}

/** A window between two dates, which is not asked for here, stays until days are. */
function windowOf(
  { days }: Draft,
  held: TraitDefinition["window"] | undefined,
): NonNullable<TraitDraft["window"]> | null {
  if (days !== "") return { kind: "last", days: Number(days) };
  return held?.kind === "between" ? held : null;
}

/** What the draft defines; null while something is missing. */
function definitionOf(draft: Draft, held: TraitDefinition | undefined): TraitDraft | null {
  const event = draft.event.trim();
  const currency = ofValue(draft) ? draft.currency.trim().toUpperCase() : null;
  const property = ofProperty(draft) ? draft.property.trim() : null;
  if ([event, currency, property].includes("")) return null;
  const window = windowOf(draft, held?.window);
  return { kind: draft.kind, event, property, currency, window, where: held?.where ?? [] };
}

export function TraitForm({ trait, onDone }: { trait: Trait | null; onDone: () => void }) {
  const [draft, change] = useState(() => (trait === null ? BLANK : draftOf(trait)));
  const save = useSaveTrait(trait);
  const definition = definitionOf(draft, trait?.definition);
  const settled = useDebounced(JSON.stringify(definition), PAUSE_MS);
  const fields = fieldsOf(save.error);
  const set = (part: Partial<Draft>) => {
    change((before) => ({ ...before, ...part }));
  };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (definition === null) return;
    save.mutate({ name: draft.name, description: draft.description, definition }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} aria-label={trait === null ? "New trait" : `Change ${trait.name}`}>
      <div className="grid items-start gap-4 p-4 sm:grid-cols-2 lg:grid-cols-3">
        <TextField
          label="Name"
          value={draft.name}
          disabled={trait !== null}
          required
          autoComplete="off"
          placeholder="orders_90d"
          hint="Small letters, digits and underscores. It stays."
          error={fields["name"]}
          onChange={(event) => {
            set({ name: event.target.value });
          }}
        />
        <SelectField
          label="What to compute"
          value={draft.kind}
          error={fields["definition.kind"] ?? fields["definition"]}
          onChange={(event) => {
            set({ kind: event.target.value as Draft["kind"] });
          }}
        >
          {Object.entries(KINDS).map(([kind, label]) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Of the event"
          list="trait-events"
          value={draft.event}
          required
          autoComplete="off"
          placeholder="Order Completed"
          error={fields["definition.event"]}
          onChange={(event) => {
            set({ event: event.target.value });
          }}
        />
        <OfWhat draft={draft} set={set} fields={fields} />
        <TextField
          label="Within the last days"
          type="number"
          min={1}
          max={1100}
          value={draft.days}
          placeholder={trait?.definition.window?.kind === "between" ? "Between two dates" : "Ever"}
          hint="Left empty: over all time."
          error={fields["definition.window.last.days"]}
          onChange={(event) => {
            set({ days: event.target.value });
          }}
        />
        <TextField
          label="What it is for"
          value={draft.description}
          autoComplete="off"
          error={fields["description"]}
          onChange={(event) => {
            set({ description: event.target.value });
          }}
        />
      </div>
      <Suggestions event={draft.event.trim()} />
      <Preview definition={JSON.parse(settled) as TraitDraft | null} />
      <div className="space-y-3 px-4 pb-4">
        <FormError error={save.error} />
        <div className="flex gap-2">
          <Button type="submit" tone="primary" busy={save.isPending} disabled={definition === null}>
            {trait === null ? "Create trait" : "Save"}
          </Button>
          <Button onClick={onDone}>Cancel</Button>
        </div>
      </div>
    </form>
  );
}

/** What is really sent, offered beside the fields; anything else can be typed. */
function Suggestions({ event }: { event: string }) {
  const vocabulary = useQuery(vocabularyQuery());
  const events = vocabulary.data?.events.map(({ name }) => name) ?? [];
  const ofEvent = useQuery({ ...vocabularyQuery(event), enabled: events.includes(event) });
  const offered = {
    "trait-events": events,
    "trait-currencies": vocabulary.data?.currencies ?? [],
    "trait-properties": ofEvent.data?.properties.map(({ name }) => name) ?? [],
  };
  return Object.entries(offered).map(([id, names]) => (
    <datalist key={id} id={id}>
      {names.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  ));
}

interface OfWhatProps {
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  fields: FieldErrors;
}

function OfWhat({ draft, set, fields }: OfWhatProps) {
  return (
    <>
      {OF_NUMBERS.includes(draft.kind) && (
        <SelectField
          label="Of what"
          value={draft.of}
          onChange={(event) => {
            set({ of: event.target.value as Draft["of"] });
          }}
        >
          <option value="value">The event’s own value</option>
          <option value="property">A property’s numbers</option>
        </SelectField>
      )}
      {ofValue(draft) && (
        <TextField
          label="Currency"
          list="trait-currencies"
          value={draft.currency}
          required
          maxLength={3}
          autoComplete="off"
          placeholder="EUR"
          error={fields["definition.currency"]}
          onChange={(event) => {
            set({ currency: event.target.value });
          }}
        />
      )}
      {ofProperty(draft) && (
        <TextField
          label="Property"
          list="trait-properties"
          value={draft.property}
          required
          autoComplete="off"
          placeholder="category"
          hint="A dot leads into an object: cart.total"
          error={fields["definition.property"]}
          onChange={(event) => {
            set({ property: event.target.value });
          }}
        />
      )}
    </>
  );
}

function Preview({ definition }: { definition: TraitDraft | null }) {
  const preview = useQuery(previewQuery(definition));
  if (definition === null)
    return <p className="px-4 pb-4 text-ink-3">Say what to compute to see who would have it.</p>;
  if (preview.isError)
    return (
      <div className="pb-4">
        <ErrorNote error={preview.error} />
      </div>
    );
  const { data } = preview;
  return (
    <section aria-label="Preview" className="mx-4 mb-4 rounded-md bg-sunken p-4">
      {data === undefined ? (
        <p className="text-ink-3">Counting…</p>
      ) : (
        <>
          <p role="status" className="font-medium">
            {integer(data.count)} of {integer(data.total)} people would have a value.
          </p>
          {data.numbers !== null && (
            <dl className="mt-3 flex flex-wrap gap-x-6 gap-y-2">
              {(
                [
                  ["Smallest", data.numbers.min],
                  ["A quarter below", data.numbers.p25],
                  ["Median", data.numbers.median],
                  ["A quarter above", data.numbers.p75],
                  ["Largest", data.numbers.max],
                ] as const
              ).map(([term, value]) => (
                <div key={term}>
                  <dt className="text-sm text-ink-2">{term}</dt>
                  <dd>
                    <TraitValue value={Number(value)} definition={definition} />
                  </dd>
                </div>
              ))}
            </dl>
          )}
          {data.count > 0 && (
            <ul className="mt-3 grid gap-x-6 gap-y-1 sm:grid-cols-2" aria-label="Some of them">
              {data.sample.map(({ profile_id: profileId, value }) => (
                <li key={profileId} className="flex justify-between gap-3">
                  <PersonLink profileId={profileId} />
                  <TraitValue value={value} definition={definition} />
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}
