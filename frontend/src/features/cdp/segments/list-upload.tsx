import { useNavigate } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { ApiError } from "@/api/errors";
import type { Segment, SegmentList } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { useCreateList, useReplaceList } from "./queries";

const COLUMNS = "email, phone, user_id, external_id, device_id, anonymous_id";

/** Makes a segment of the people whom a file names. */
export function UploadButton() {
  const create = useCreateList();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  return (
    <>
      <Button
        onClick={() => {
          create.reset();
          setName("");
          setOpen(true);
        }}
      >
        <Upload size={14} aria-hidden />
        Upload a list
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Upload a list">
        <UploadForm
          verb="Upload"
          ready={name.trim() !== ""}
          send={(file, skipBadRows) => {
            create.mutate({ file, skipBadRows, name: name.trim() });
          }}
          state={create}
          onDone={(list) =>
            void navigate({ to: "/people/segments/$segmentId", params: { segmentId: list.segment.id } })
          }
        >
          <TextField
            label="Name"
            required
            maxLength={120}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
            }}
          />
        </UploadForm>
      </Dialog>
    </>
  );
}

/** Puts another file in the place of a list, or beside it. */
export function ReplaceButton({ segment }: { segment: Segment }) {
  const replace = useReplaceList(segment.id);
  const [open, setOpen] = useState(false);
  const [add, setAdd] = useState(false);
  return (
    <>
      <Button
        onClick={() => {
          replace.reset();
          setOpen(true);
        }}
      >
        <Upload size={14} aria-hidden />
        Upload anew…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Upload “${segment.name}” anew`}>
        <UploadForm
          verb="Upload"
          ready
          send={(file, skipBadRows) => {
            replace.mutate({ file, skipBadRows, add });
          }}
          state={replace}
          onDone={() => {
            setOpen(false);
          }}
        >
          <SelectField
            label="What becomes of the list"
            value={add ? "add" : "replace"}
            onChange={(event) => {
              setAdd(event.target.value === "add");
            }}
          >
            <option value="replace">The file takes its place</option>
            <option value="add">The file is added to it</option>
          </SelectField>
        </UploadForm>
      </Dialog>
    </>
  );
}

interface UploadFormProps {
  verb: string;
  ready: boolean;
  send: (file: File, skipBadRows: boolean) => void;
  state: { isPending: boolean; error: Error | null; data: SegmentList | undefined; reset: () => void };
  onDone: (list: SegmentList) => void;
  children: ReactNode;
}

function UploadForm({ verb, ready, send, state, onDone, children }: UploadFormProps) {
  const [file, setFile] = useState<File | null>(null);
  if (state.data !== undefined) return <Done list={state.data} onDone={onDone} />;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (file !== null) send(file, false);
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      {children}
      <TextField
        label="CSV file"
        type="file"
        accept=".csv,text/csv"
        required
        hint={`The first row names the columns: ${COLUMNS}. Others are passed over. Only keyed hashes are kept.`}
        className="py-1"
        onChange={(event) => {
          state.reset();
          setFile(event.target.files?.[0] ?? null);
        }}
      />
      {state.error !== null && (
        <Faults
          error={state.error}
          busy={state.isPending}
          onSkip={() => {
            if (file !== null) send(file, true);
          }}
        />
      )}
      <div className="flex justify-end">
        <Button type="submit" tone="primary" busy={state.isPending} disabled={!ready || file === null}>
          {verb}
        </Button>
      </div>
    </form>
  );
}

/** Rows that cannot be used, each with how to mend it; the whole file may be refused for other reasons too. */
function Faults({ error, busy, onSkip }: { error: Error; busy: boolean; onSkip: () => void }) {
  const faults = error instanceof ApiError ? Object.entries(error.fields) : [];
  if (faults.length === 0 || !(error instanceof ApiError)) return <ErrorNote error={error} />;
  const ofRows =
    error.code === "cdp.segments.list_invalid" && faults.some(([field]) => /^row \d/.test(field));
  return (
    <div role="alert" className="space-y-2 border-l-2 border-block pl-3">
      <p className="font-medium">{error.message}</p>
      <RowFaults faults={faults} />
      {ofRows && (
        <Button busy={busy} onClick={onSkip}>
          Use the other rows
        </Button>
      )}
    </div>
  );
}

function RowFaults({ faults }: { faults: readonly (readonly [string, string])[] }) {
  return (
    <ul className="max-h-48 space-y-1 overflow-y-auto" tabIndex={0} aria-label="Rows that cannot be used">
      {faults.map(([field, message]) => (
        <li key={field}>
          <span className="font-medium">{field}</span> <span className="text-ink-2">{message}</span>
        </li>
      ))}
    </ul>
  );
}

function Done({ list, onDone }: { list: SegmentList; onDone: (list: SegmentList) => void }) {
  return (
    <div className="space-y-3">
      <p role="status">
        {integer(list.used)} of {plural(list.rows, "row")} used, {plural(list.identifiers, "identifier")} new
        on the list.
      </p>
      {list.fault_count > 0 && (
        <>
          <p className="font-medium">{plural(list.fault_count, "row")} could not be used:</p>
          <RowFaults faults={list.faults.map(({ field, message }) => [field, message] as const)} />
        </>
      )}
      <p className="text-ink-2">Who has one of these identifiers is in, also whom you come to know later.</p>
      <div className="flex justify-end">
        <Button
          tone="primary"
          onClick={() => {
            onDone(list);
          }}
        >
          Show the segment
        </Button>
      </div>
    </div>
  );
}
