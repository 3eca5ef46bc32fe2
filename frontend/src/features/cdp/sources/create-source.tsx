import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import type { SourceKind } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { useCreateSource } from "./queries";
import { KINDS } from "./state";
import { NewKey, Snippets } from "./write-key";

interface CreateSourceProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Names a source; then its key, which nobody can read again, with what to paste. */
export function CreateSource({ open, onOpenChange }: CreateSourceProps) {
  const create = useCreateSource();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    create.mutate({ name: formText(form, "name"), kind: formText(form, "kind") as SourceKind });
  };
  const close = (next: boolean) => {
    onOpenChange(next);
    if (!next) create.reset();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title={create.data === undefined ? "A new source" : `“${create.data.name}” is made`}
    >
      {create.data === undefined ? (
        <form onSubmit={submit} className="space-y-4">
          <TextField
            label="Name"
            name="name"
            required
            maxLength={120}
            autoComplete="off"
            placeholder="Web shop"
            error={fieldsOf(create.error)["name"]}
          />
          <SelectField
            label="Where its code runs"
            name="kind"
            hint="A browser’s or an app’s request comes from the visitor’s own address; a server’s does not."
          >
            {Object.entries(KINDS).map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </SelectField>
          <FormError error={create.error} />
          <div className="flex justify-end gap-2">
            <Button
              onClick={() => {
                close(false);
              }}
            >
              Cancel
            </Button>
            <Button type="submit" tone="primary" busy={create.isPending}>
              Make it
            </Button>
          </div>
        </form>
      ) : (
        <div className="space-y-4">
          <NewKey writeKey={create.data.write_key} />
          <p className="text-ink-2">Copy it now: afterwards only its beginning is shown to anyone.</p>
          <Snippets writeKey={create.data.write_key} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button asChild>
              <Link to="/events" search={{ source: create.data.id }}>
                Watch its events
              </Link>
            </Button>
            <Button asChild tone="primary">
              <Link to="/events/sources/$sourceId" params={{ sourceId: create.data.id }}>
                Open the source
              </Link>
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
