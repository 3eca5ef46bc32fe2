import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { EventVerdict } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextArea } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { eventIn } from "./corrected";
import { useReplayEvent } from "./queries";

/** Sends a refused event through today's rules, as it came or put right. */
export function Replay({ verdict }: { verdict: EventVerdict }) {
  const mayReplay = useCan("cdp.events:write");
  const replay = useReplayEvent(verdict.id);
  const [correcting, setCorrecting] = useState(false);
  if (!mayReplay || verdict.replay_outcome === "accepted" || verdict.replay_outcome === "duplicate")
    return null;
  if (!verdict.replayable)
    return <p className="mt-3 text-ink-2">It cannot be sent through again: it was too large to keep.</p>;
  return (
    <div className="mt-3">
      <div className="flex flex-wrap gap-2">
        <Button
          busy={replay.isPending}
          onClick={() => {
            replay.mutate(null);
          }}
        >
          Send it through again
        </Button>
        <Button
          tone="quiet"
          onClick={() => {
            setCorrecting(true);
          }}
        >
          Put it right first
        </Button>
      </div>
      {replay.isError && <ErrorNote error={replay.error} />}
      <Dialog
        open={correcting}
        onOpenChange={setCorrecting}
        title="Put the event right"
        description="It goes through the same rules. What names a person is masked here: write it anew, or it is stored as it stands."
      >
        <CorrectForm
          verdict={verdict}
          onDone={() => {
            setCorrecting(false);
          }}
        />
      </Dialog>
    </div>
  );
}

function CorrectForm({ verdict, onDone }: { verdict: EventVerdict; onDone: () => void }) {
  const [text, setText] = useState(() => JSON.stringify(verdict.payload, null, 2));
  const replay = useReplayEvent(verdict.id);
  const event = eventIn(text);
  const submit = (submitted: SyntheticEvent) => {
    submitted.preventDefault();
    if (event !== null) replay.mutate(event, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextArea
        label="The event, as JSON"
        rows={14}
        spellCheck={false}
        className="font-mono text-sm"
        value={text}
        error={event === null ? "This is not a JSON object." : undefined}
        onChange={(changed) => {
          setText(changed.target.value);
        }}
      />
      {replay.isError && <ErrorNote error={replay.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={replay.isPending} disabled={event === null}>
          Send it through
        </Button>
      </div>
    </form>
  );
}
