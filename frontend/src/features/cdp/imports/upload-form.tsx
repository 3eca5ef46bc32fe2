import { useNavigate } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import { ApiError } from "@/api/errors";
import { cx } from "@/design/classes";
import { SelectField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { type Upload, useUpload } from "./queries";

/** A file is dropped or picked, and leads on to its columns. */
export function UploadForm() {
  const id = useId();
  const [kind, setKind] = useState<Upload["kind"]>("people");
  const [over, setOver] = useState(false);
  const upload = useUpload();
  const navigate = useNavigate();
  const take = (file: File | null | undefined) => {
    if (file === null || file === undefined || upload.isPending) return;
    upload.mutate(
      { file, kind },
      {
        onSuccess: ({ id: importId }) =>
          void navigate({ to: "/people/imports/$importId", params: { importId } }),
      },
    );
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files.item(0));
  };
  return (
    <div className="space-y-3 p-4">
      <div className="max-w-60">
        <SelectField
          label="Each row is"
          value={kind}
          onChange={(event) => {
            setKind(event.target.value === "events" ? "events" : "people");
          }}
        >
          <option value="people">A person</option>
          <option value="events">An event</option>
        </SelectField>
      </div>
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => {
          setOver(false);
        }}
        onDrop={drop}
        className={cx(
          "flex cursor-pointer flex-col items-center gap-1 rounded-lg border border-dashed px-4 py-6 text-center focus-within:outline-2 focus-within:outline-accent",
          over ? "border-accent bg-sunken" : "border-line-strong hover:bg-sunken",
        )}
      >
        <FileUp size={20} aria-hidden className="text-ink-3" />
        <span className="font-medium">
          {upload.isPending ? "Reading the file…" : "Choose a file, or drop it here"}
        </span>
        <span className="text-sm text-ink-2">
          CSV in UTF-8, JSON Lines or a JSON array, up to 64 MB and 1,000,000 rows. Nothing is taken in before
          you have seen how it is read.
        </span>
        <input
          id={id}
          type="file"
          accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson"
          className="sr-only"
          onChange={(event) => {
            take(event.target.files?.item(0));
            event.target.value = "";
          }}
        />
      </label>
      {upload.isError && <ErrorNote error={upload.error} />}
      {upload.error instanceof ApiError && <Faults fields={upload.error.fields} />}
    </div>
  );
}

function Faults({ fields }: { fields: Readonly<Record<string, string>> }) {
  return (
    <ul className="list-disc pl-8">
      {Object.entries(fields).map(([place, message]) => (
        <li key={place}>
          <span className="font-medium">{place}:</span> {message}
        </li>
      ))}
    </ul>
  );
}
