import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Source } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { useChangeSource, useRotateKey } from "./queries";
import { NewKey, Snippets } from "./write-key";

export function SourceChanges({ source }: { source: Source }) {
  const mayWrite = useCan("cdp.sources:write");
  if (!mayWrite) return null;
  return (
    <div className="flex flex-wrap gap-2 py-1">
      <Rename source={source} />
      <NewKeyButton source={source} />
      <Switch source={source} />
    </div>
  );
}

function Rename({ source }: { source: Source }) {
  const [open, setOpen] = useState(false);
  const change = useChangeSource(source.id);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(
      { name: formText(event.currentTarget, "name") },
      {
        onSuccess: () => {
          setOpen(false);
        },
      },
    );
  };
  return (
    <>
      <Button
        onClick={() => {
          change.reset();
          setOpen(true);
        }}
      >
        Rename
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Rename the source">
        <form onSubmit={submit} className="space-y-4">
          <TextField
            label="Name"
            name="name"
            required
            maxLength={120}
            autoComplete="off"
            defaultValue={source.name}
            error={fieldsOf(change.error)["name"]}
          />
          <FormError error={change.error} />
          <div className="flex justify-end">
            <Button type="submit" tone="primary" busy={change.isPending}>
              Rename
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

function NewKeyButton({ source }: { source: Source }) {
  const rotate = useRotateKey(source.id);
  const [writeKey, setWriteKey] = useState<string | null>(null);
  return (
    <>
      <ConfirmButton
        label="New write key"
        title={`A new write key for “${source.name}”?`}
        act={async () => {
          setWriteKey((await rotate.mutateAsync()).write_key);
        }}
      >
        The key in use ends within two seconds, and what is sent with it is refused as from a stranger: it is
        not stored, and cannot be replayed. SDKs drop such events. Have the new key at hand where the old one
        is, and change it there at once.
      </ConfirmButton>
      <Dialog
        open={writeKey !== null}
        onOpenChange={(open) => {
          if (!open) setWriteKey(null);
        }}
        title="The new write key"
        description="The old one has ended. Copy this one now: it is not shown again."
      >
        {writeKey !== null && (
          <>
            <NewKey writeKey={writeKey} />
            <Snippets writeKey={writeKey} />
          </>
        )}
      </Dialog>
    </>
  );
}

function Switch({ source }: { source: Source }) {
  const change = useChangeSource(source.id);
  if (!source.enabled)
    return (
      <Button
        tone="primary"
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: true });
        }}
      >
        Switch on
      </Button>
    );
  return (
    <ConfirmButton
      label="Switch off"
      title={`Switch “${source.name}” off?`}
      act={() => change.mutateAsync({ enabled: false })}
    >
      What it sends is refused with 404 from then on, and SDKs drop it: it is not stored, and does not come
      back when the source is switched on again. What it has sent stays.
    </ConfirmButton>
  );
}
