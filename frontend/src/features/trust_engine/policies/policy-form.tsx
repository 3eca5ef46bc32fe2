import { type SyntheticEvent, useState } from "react";
import type { Policy } from "@/api/types";
import { Button } from "@/design/button";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { useDraft, useKeepDraft } from "../replay/draft";
import { Foretelling } from "../replay/foretelling";
import { Differences } from "./differences";
import { changedDocument, differences, grouped, settingsOf, toldOf, weightsSum } from "./document";
import { useAdopt } from "./queries";

interface PolicyFormProps {
  current: Policy;
  onDone: () => void;
}

/** The next version, written over the one in force; what it changes stands beside it before it is brought in. */
export function PolicyForm({ current, onDone }: PolicyFormProps) {
  const draft = useDraft();
  const keep = useKeepDraft();
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(
    () =>
      new Map(settingsOf({ ...current.document, ...draft }).map(({ path, value }) => [path, String(value)])),
  );
  const [note, setNote] = useState("");
  const adopt = useAdopt();
  const written = new Map([...typed].map(([path, text]) => [path, numberOf(text)]));
  const unread = [...written].filter(([, value]) => value === null).map(([path]) => path);
  const changes = changedDocument(current.document, known(written));
  const next = { ...current.document, ...changes };
  const found = differences(current.document, next);
  const sum = weightsSum(next);
  const balanced = Math.abs(sum - 1) < 1e-9;
  const write = (path: string, text: string) => {
    const now = new Map(typed).set(path, text);
    setTyped(now);
    keep(
      changedDocument(
        current.document,
        known(new Map([...now].map(([name, each]) => [name, numberOf(each)]))),
      ),
    );
  };
  const done = () => {
    keep(null);
    onDone();
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    adopt.mutate({ note: note.trim(), document: changes }, { onSuccess: done });
  };
  return (
    <form onSubmit={submit} className="space-y-6 p-4">
      {grouped(current.document).map(({ title, hint, settings }) => (
        <fieldset key={title}>
          <legend className="font-medium">{title}</legend>
          {hint !== "" && <p className="mb-2 text-sm text-ink-3">{hint}</p>}
          <div className="mt-1 grid items-end gap-4 sm:grid-cols-2 lg:grid-cols-4">
            {settings.map(({ path }) => (
              <TextField
                key={path}
                label={toldOf(path).label}
                hint={toldOf(path).hint}
                inputMode="decimal"
                required
                value={typed.get(path)}
                error={unread.includes(path) ? "Write a number." : undefined}
                onChange={(event) => {
                  write(path, event.target.value);
                }}
              />
            ))}
          </div>
          {title === "Weights" && !balanced && (
            <p role="status" className="mt-2 text-block">
              They add up to {Math.round(sum * 1e6) / 1e6}; they must add up to 1.
            </p>
          )}
        </fieldset>
      ))}
      <section aria-label="What it changes" className="border-t border-line pt-4">
        <h3 className="mb-1 font-medium">What it changes</h3>
        <Differences found={found} />
        <p className="mt-2 max-w-prose text-ink-2">
          Until every account has been evaluated by the new version, nothing passes that needs health. What
          was decided keeps the version that decided it.
        </p>
      </section>
      <Foretelling changes={changes} disabled={found.length === 0 || unread.length > 0 || !balanced} />
      <TextField
        label="Why it changes"
        required
        maxLength={500}
        autoComplete="off"
        value={note}
        onChange={(event) => {
          setNote(event.target.value);
        }}
      />
      {adopt.isError && <ErrorNote error={adopt.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={done}>Cancel</Button>
        <Button
          type="submit"
          tone="primary"
          busy={adopt.isPending}
          disabled={found.length === 0 || unread.length > 0 || !balanced || note.trim() === ""}
        >
          Bring in version {current.version + 1}
        </Button>
      </div>
    </form>
  );
}

/** A figure that a person typed, with a comma or a point; null where it is none. */
function numberOf(text: string): number | null {
  const plain = text.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

function known(written: ReadonlyMap<string, number | null>): Map<string, number> {
  return new Map([...written].flatMap(([path, value]) => (value === null ? [] : [[path, value] as const])));
}
