import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { ApiError } from "@/api/errors";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { ConfirmButton } from "@/design/confirm-button";
import { TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { AnalyticsFrame } from "./analytics-frame";
import { Suggestions } from "./suggestions";

/** A question that somebody saved. */
export interface Saved<D> {
  readonly id: string;
  readonly name: string;
  readonly definition: D;
  readonly updated_at: string;
  readonly updated_by: string | null;
}

interface QuestionProps<T, D> {
  /** What it is: "funnel". */
  noun: string;
  /** The list that it is one of. */
  back: "/analytics/funnels" | "/analytics/retention";
  saved: Saved<D> | null;
  mayWrite: boolean;
  /** What a new one begins with. */
  start: T;
  draftOf: (definition: D) => T;
  /** Null where something of it cannot be asked yet. */
  definitionOf: (draft: T) => D | null;
  fields: (draft: T, onChange: (draft: T) => void) => ReactNode;
  answer: (definition: D, name: string) => ReactNode;
  /** In words, for who only reads it. */
  said: (definition: D) => ReactNode;
  save: (name: string, definition: D) => Promise<unknown>;
  remove: () => Promise<unknown>;
}

/** One question: what it asks, and under it the answer. What is being changed is asked before it is saved. */
export function Question<T, D>(props: QuestionProps<T, D>) {
  const { noun, back, saved, answer } = props;
  const [asked, setAsked] = useState<D | null>(saved?.definition ?? null);
  const [editing, setEditing] = useState(saved === null);
  const name = saved?.name ?? `New ${noun}`;
  const edit = () => {
    setEditing(true);
  };
  return (
    <AnalyticsFrame>
      <p className="max-sm:px-4">
        <Link to={back} className={LINK}>
          {back === "/analytics/funnels" ? "All funnels" : "All retention reports"}
        </Link>
      </p>
      {editing ? (
        <Panel title={name}>
          <Editor
            {...props}
            onAsk={setAsked}
            onClose={() => {
              setAsked(saved?.definition ?? null);
              setEditing(false);
            }}
            onSaved={() => {
              setEditing(false);
            }}
          />
        </Panel>
      ) : (
        saved !== null && <Told {...props} saved={saved} onEdit={edit} />
      )}
      {asked !== null && answer(asked, name)}
    </AnalyticsFrame>
  );
}

interface ToldProps<T, D> extends QuestionProps<T, D> {
  saved: Saved<D>;
  onEdit: () => void;
}

/** What a saved question asks, for who reads it. */
function Told<T, D>({ noun, saved, mayWrite, said, remove, onEdit }: ToldProps<T, D>) {
  return (
    <Panel
      title={saved.name}
      aside={
        <div className="flex items-center gap-2">
          <Button onClick={onEdit}>
            <Pencil size={14} aria-hidden />
            {mayWrite ? "Change" : "Try changes"}
          </Button>
          {mayWrite && (
            <ConfirmButton label="Remove" title={`Remove “${saved.name}”?`} act={remove}>
              The {noun} is gone for everybody. The events that it asks about stay.
            </ConfirmButton>
          )}
        </div>
      }
    >
      <div className="space-y-1 px-4 py-3">
        {said(saved.definition)}
        <p className="text-sm text-ink-3">
          Changed <Age at={saved.updated_at} domain /> by {saved.updated_by ?? "nobody who is known"}.
        </p>
      </div>
    </Panel>
  );
}

interface EditorProps<T, D> extends QuestionProps<T, D> {
  onAsk: (definition: D) => void;
  onClose: () => void;
  onSaved: () => void;
}

function Editor<T, D>(props: EditorProps<T, D>) {
  const { noun, saved, mayWrite, start, draftOf, definitionOf, fields, save, onAsk, onClose, onSaved } =
    props;
  const [draft, setDraft] = useState(() => (saved === null ? start : draftOf(saved.definition)));
  const [name, setName] = useState(saved?.name ?? "");
  const definition = definitionOf(draft);
  const keep = useMutation({
    mutationFn: (what: D) => save(name.trim(), what),
    onSuccess: (_, what) => {
      onAsk(what);
      onSaved();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (definition !== null) onAsk(definition);
  };
  return (
    <form onSubmit={submit} className="space-y-5 p-4">
      <Suggestions>{fields(draft, setDraft)}</Suggestions>
      <div className="flex flex-wrap items-end gap-2 border-t border-line pt-4">
        <Button type="submit" tone={mayWrite ? "plain" : "primary"} disabled={definition === null}>
          Show the answer
        </Button>
        {mayWrite && (
          <>
            <div className="w-64 max-sm:w-full">
              <TextField
                label="Name"
                maxLength={200}
                autoComplete="off"
                placeholder={`What people call this ${noun}`}
                value={name}
                onChange={(event) => {
                  setName(event.target.value);
                }}
              />
            </div>
            <Button
              tone="primary"
              busy={keep.isPending}
              disabled={definition === null || name.trim() === ""}
              onClick={() => {
                if (definition !== null) keep.mutate(definition);
              }}
            >
              {saved === null ? "Save" : "Save the changes"}
            </Button>
          </>
        )}
        {saved !== null && (
          <Button tone="quiet" onClick={onClose}>
            Cancel
          </Button>
        )}
      </div>
      {definition === null && <p className="text-sm text-ink-3">Fill in every field, and it can be asked.</p>}
      {keep.isError && <Refused error={keep.error} />}
    </form>
  );
}

/** Why it was not answered or kept, with what is wrong in it. */
export function Refused({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const faults = error instanceof ApiError ? Object.values(error.fields) : [];
  return (
    <>
      <ErrorNote error={error} {...(onRetry === undefined ? {} : { onRetry })} />
      {faults.length > 0 && (
        <ul className="list-disc px-4 pb-3 pl-8">
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
    </>
  );
}
