import { type ReactNode, type SyntheticEvent, useState } from "react";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { PersonLink } from "../profiles/person";

interface ChangeDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What comes of it, one sentence each. */
  consequences: readonly string[];
  confirm: string;
  /** Whether everything but the reason is there. */
  ready?: boolean;
  busy: boolean;
  error: Error | null;
  /** The profiles that it came to, once it is done. */
  done: readonly string[] | undefined;
  onConfirm: (reason: string) => void;
  children?: ReactNode;
}

/** A change of who is who: what comes of it stands before the reason, and the people it made after it. */
export function ChangeDialog({ open, onOpenChange, title, done, ...form }: ChangeDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title}>
      {done === undefined ? (
        <ChangeForm
          {...form}
          onCancel={() => {
            onOpenChange(false);
          }}
        />
      ) : (
        <div role="status" className="space-y-3">
          <p>{done.length === 1 ? "They are one person now:" : `They are ${done.length} people now:`}</p>
          <ul>
            {done.map((profileId) => (
              <li key={profileId}>
                <PersonLink profileId={profileId} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Dialog>
  );
}

function ChangeForm({
  consequences,
  confirm,
  ready = true,
  busy,
  error,
  onConfirm,
  onCancel,
  children,
}: Omit<ChangeDialogProps, "open" | "onOpenChange" | "title" | "done"> & { onCancel: () => void }) {
  const [reason, setReason] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onConfirm(reason.trim());
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      {children}
      <ul className="list-disc space-y-1 pl-4 text-ink-2">
        {consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
      </ul>
      <TextField
        label="Why"
        hint="It is kept in the audit log."
        required
        maxLength={500}
        autoComplete="off"
        value={reason}
        onChange={(event) => {
          setReason(event.target.value);
        }}
      />
      {error !== null && <ErrorNote error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" tone="primary" busy={busy} disabled={!ready || reason.trim() === ""}>
          {confirm}
        </Button>
      </div>
    </form>
  );
}
