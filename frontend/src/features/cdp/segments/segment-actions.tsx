import { useState } from "react";
import type { Segment } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Dialog } from "@/design/dialog";
import { TextArea, TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { ErrorNote } from "@/design/states";
import { plural } from "@/format/words";
import { EvaluationField } from "./evaluation-field";
import { settling, useArchive, useChangeSegment, useRecompute } from "./queries";

export function RenameButton({ segment }: { segment: Segment }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        Settings…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Settings of the segment">
        <SettingsForm
          segment={segment}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

function SettingsForm({ segment, onDone }: { segment: Segment; onDone: () => void }) {
  const change = useChangeSegment(segment.id);
  const [name, setName] = useState(segment.name);
  const [description, setDescription] = useState(segment.description);
  const [evaluation, setEvaluation] = useState(segment.evaluation);
  const fields = fieldsOf(change.error);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const timed = segment.rule === null ? {} : { evaluation };
        change.mutate({ name: name.trim(), description, ...timed }, { onSuccess: onDone });
      }}
    >
      <TextField
        label="Name"
        required
        maxLength={120}
        value={name}
        error={fields["name"]}
        onChange={(event) => {
          setName(event.target.value);
        }}
      />
      <TextArea
        label="What it is for"
        maxLength={1000}
        value={description}
        error={fields["description"]}
        onChange={(event) => {
          setDescription(event.target.value);
        }}
      />
      {segment.rule !== null && (
        <EvaluationField
          evaluation={evaluation}
          onChange={setEvaluation}
          error={Object.entries(fields).find(([field]) => field.startsWith("evaluation"))?.[1]}
        />
      )}
      <FormError error={change.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={change.isPending} disabled={name.trim() === ""}>
          Save
        </Button>
      </div>
    </form>
  );
}

export function LiveButton({ segment }: { segment: Segment }) {
  const change = useChangeSegment(segment.id);
  if (segment.live)
    return (
      <ConfirmButton
        label="Switch off"
        title={`Switch “${segment.name}” off?`}
        act={() => change.mutateAsync({ live: false })}
      >
        Nobody enters or leaves until it is switched on again; then it catches up. What reads the segment goes
        on with who is in now.
      </ConfirmButton>
    );
  return (
    <>
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ live: true });
        }}
      >
        Switch on
      </Button>
      {change.isError && <ErrorNote error={change.error} />}
    </>
  );
}

export function RecomputeButton({ segment }: { segment: Segment }) {
  const recompute = useRecompute(segment.id);
  return (
    <>
      <Button
        busy={recompute.isPending || settling(segment) || segment.computing_since !== null}
        title="Count everybody anew"
        onClick={() => {
          recompute.mutate();
        }}
      >
        Count anew
      </Button>
      {recompute.isError && <ErrorNote error={recompute.error} />}
    </>
  );
}

export function ArchiveButton({ segment }: { segment: Segment }) {
  const archive = useArchive(segment.id);
  return (
    <ConfirmButton label="Archive" title={`Archive “${segment.name}”?`} act={archive}>
      {segment.member_count > 0
        ? `${plural(segment.member_count, "member")} leave it, and audiences made of it follow. `
        : ""}
      The segment and its log can still be read, and its name is free. This cannot be undone.
    </ConfirmButton>
  );
}
