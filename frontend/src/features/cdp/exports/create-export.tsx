import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useId, useState } from "react";
import { ApiError } from "@/api/errors";
import { useCan } from "@/api/permissions";
import type { ExportCreate } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { ErrorNote, Loaded } from "@/design/states";
import { words } from "@/format/words";
import { useSuggestions } from "../segments/queries";
import { useDebounced } from "../segments/use-debounced";
import { MOST_COLUMNS, narrowed, offered } from "./columns";
import { columnsQuery, NoSuchSegment, segmentsCalledQuery, useCreateExport } from "./queries";

export function CreateExport() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        tone="primary"
        onClick={() => {
          setOpen(true);
        }}
      >
        New export
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="New export">
        <CreateForm
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

const FIRST: Readonly<Record<ExportCreate["what"], readonly string[]>> = {
  people: ["profile_id", "user_id", "email", "phone", "lifecycle", "last_seen_at"],
  events: ["event", "time", "profile_id", "user_id", "email", "properties"],
};
const LIFECYCLES = ["anonymous", "known", "customer", "churned"] as const;
const PURPOSES = ["ads", "analytics", "email", "sms", "personalization"] as const;

const EMPTY: ExportCreate = {
  name: "",
  what: "people",
  format: "csv",
  columns: [...FIRST.people],
  selection: {},
  purpose: null,
  raw: false,
  reason: null,
  keep_days: 7,
};

type Change = (changes: Partial<ExportCreate>) => void;

function CreateForm({ onDone }: { onDone: () => void }) {
  const [asked, setAsked] = useState<ExportCreate>(EMPTY);
  const [segment, setSegment] = useState("");
  const create = useCreateExport();
  const change: Change = (changes) => {
    setAsked({ ...asked, ...changes });
  };
  const faults = create.error instanceof ApiError ? create.error.fields : {};
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate({ ...asked, name: asked.name.trim(), segment: segment.trim() }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Name"
        required
        maxLength={120}
        autoComplete="off"
        error={faults["name"]}
        value={asked.name}
        onChange={(event) => {
          change({ name: event.target.value });
        }}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField
          label="What"
          value={asked.what}
          onChange={(event) => {
            const what = event.target.value === "events" ? "events" : "people";
            change({ what, columns: [...FIRST[what]], selection: {} });
            setSegment("");
          }}
        >
          <option value="people">People</option>
          <option value="events">What they did</option>
        </SelectField>
        <SelectField
          label="Written as"
          value={asked.format}
          onChange={(event) => {
            change({ format: event.target.value === "jsonl" ? "jsonl" : "csv" });
          }}
        >
          <option value="csv">CSV</option>
          <option value="jsonl">JSON Lines</option>
        </SelectField>
        {asked.what === "people" ? (
          <>
            <SegmentField typed={segment} onType={setSegment} error={create.error} />
            <StageField asked={asked} change={change} />
          </>
        ) : (
          <WhichEvents asked={asked} change={change} />
        )}
        <SelectField
          label="Only who allows"
          value={asked.purpose ?? ""}
          onChange={(event) => {
            change({ purpose: PURPOSES.find((each) => each === event.target.value) ?? null });
          }}
        >
          <option value="">Anything: do not ask</option>
          {PURPOSES.map((purpose) => (
            <option key={purpose} value={purpose}>
              {words(purpose)}
            </option>
          ))}
        </SelectField>
      </div>
      <Columns asked={asked} change={change} />
      <Clear asked={asked} change={change} fault={faults["reason"]} />
      {create.isError && !(create.error instanceof NoSuchSegment) && <ErrorNote error={create.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button
          type="submit"
          tone="primary"
          busy={create.isPending}
          disabled={asked.name.trim() === "" || asked.columns.length === 0}
        >
          Export
        </Button>
      </div>
    </form>
  );
}

interface SegmentFieldProps {
  typed: string;
  onType: (typed: string) => void;
  error: Error | null;
}

/** A segment by its name, looked for among all of them. */
function SegmentField({ typed, onType, error }: SegmentFieldProps) {
  const id = useId();
  const may = useCan("cdp.segments:read");
  const part = useDebounced(typed.trim(), 250);
  const { data, isPlaceholderData } = useQuery({ ...segmentsCalledQuery(part), enabled: may });
  const nobody = part !== "" && !isPlaceholderData && data?.items.length === 0;
  const refused = error instanceof NoSuchSegment ? error.message : undefined;
  if (!may) return null;
  return (
    <div>
      <TextField
        label="Segment"
        type="search"
        placeholder="Everybody"
        autoComplete="off"
        maxLength={120}
        list={id}
        error={nobody ? "No segment has that in its name." : refused}
        value={typed}
        onChange={(event) => {
          onType(event.target.value);
        }}
      />
      <datalist id={id}>
        {data?.items.map((segment) => (
          <option key={segment.id} value={segment.name} />
        ))}
      </datalist>
    </div>
  );
}

function StageField({ asked, change }: { asked: ExportCreate; change: Change }) {
  return (
    <SelectField
      label="Lifecycle"
      value={asked.selection?.lifecycle ?? ""}
      onChange={(event) => {
        const lifecycle = LIFECYCLES.find((each) => each === event.target.value) ?? null;
        change({ selection: { ...asked.selection, lifecycle } });
      }}
    >
      <option value="">Any</option>
      {LIFECYCLES.map((each) => (
        <option key={each} value={each}>
          {words(each)}
        </option>
      ))}
    </SelectField>
  );
}

function WhichEvents({ asked, change }: { asked: ExportCreate; change: Change }) {
  const moment = (day: string) => (day === "" ? null : `${day}T00:00:00Z`);
  return (
    <>
      <TextField
        label="Event"
        autoComplete="off"
        placeholder="Any"
        maxLength={500}
        value={asked.selection?.event ?? ""}
        onChange={(event) => {
          const name = event.target.value === "" ? null : event.target.value;
          change({ selection: { ...asked.selection, event: name } });
        }}
      />
      <TextField
        label="From"
        type="date"
        hint="Midnight, UTC."
        onChange={(event) => {
          change({ selection: { ...asked.selection, since: moment(event.target.value) } });
        }}
      />
      <TextField
        label="Before"
        type="date"
        hint="Midnight, UTC."
        onChange={(event) => {
          change({ selection: { ...asked.selection, until: moment(event.target.value) } });
        }}
      />
    </>
  );
}

function Columns({ asked, change }: { asked: ExportCreate; change: Change }) {
  const columns = useQuery(columnsQuery(asked.what, asked.raw));
  const vocabulary = useSuggestions();
  const [sought, setSought] = useState("");
  const toggle = (name: string, on: boolean) => {
    const kept = asked.columns.filter((each) => each !== name);
    change({ columns: on ? [...kept, name] : kept });
  };
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 font-medium text-ink-2">Columns</legend>
      <TextField
        label={asked.what === "people" ? "Find one, or name a trait" : "Find one, or name a property"}
        type="search"
        autoComplete="off"
        hint={`${asked.columns.length} chosen, ${MOST_COLUMNS} at most. The file has them in the order in which you tick them.`}
        value={sought}
        onChange={(event) => {
          setSought(event.target.value);
        }}
        onKeyDown={(event) => {
          // What is looked for is no reason to send the form.
          if (event.key === "Enter") event.preventDefault();
        }}
      />
      <Loaded query={columns} rows={3}>
        {(data) => {
          const all = offered(asked.what, data.columns, vocabulary, asked.columns);
          const { fitting, named } = narrowed(asked.what, all, sought);
          return (
            // A scrolling region must take focus, or a keyboard cannot scroll it.
            <div
              role="group"
              aria-label="Columns to choose from"
              tabIndex={0}
              className="relative max-h-56 space-y-1 overflow-y-auto rounded-md border border-line p-2"
            >
              {[...fitting, ...named].map(({ name, description }) => (
                <label key={name} className="flex items-start gap-2">
                  <input
                    type="checkbox"
                    className="mt-1 shrink-0 accent-accent"
                    checked={asked.columns.includes(name)}
                    disabled={!asked.columns.includes(name) && asked.columns.length >= MOST_COLUMNS}
                    onChange={(event) => {
                      toggle(name, event.target.checked);
                    }}
                  />
                  <span className="min-w-0">
                    <span className="font-mono break-all">{name}</span>{" "}
                    <span className="text-sm text-ink-2">{description}</span>
                  </span>
                </label>
              ))}
            </div>
          );
        }}
      </Loaded>
    </fieldset>
  );
}

interface ClearProps {
  asked: ExportCreate;
  change: Change;
  fault: string | undefined;
}

function Clear({ asked, change, fault }: ClearProps) {
  const mayLook = useCan("cdp.profiles.personal:read");
  if (!mayLook)
    return (
      <p className="text-sm text-ink-3">
        Identifiers are hashed: managers and administrators can have them in the clear.
      </p>
    );
  return (
    <div className="space-y-2">
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          className="mt-1 accent-accent"
          checked={asked.raw}
          onChange={(event) => {
            change({ raw: event.target.checked, reason: null });
          }}
        />
        <span>Identifiers and personal traits in the clear, not hashed</span>
      </label>
      {asked.raw && (
        <TextField
          label="Why in the clear"
          hint="It is kept in the audit log."
          required
          minLength={3}
          maxLength={500}
          autoComplete="off"
          error={fault}
          value={asked.reason ?? ""}
          onChange={(event) => {
            change({ reason: event.target.value });
          }}
        />
      )}
    </div>
  );
}
