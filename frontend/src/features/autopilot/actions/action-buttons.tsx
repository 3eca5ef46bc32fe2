import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Action } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { useApprove, useDismiss } from "./queries";

const OPEN_STATES: readonly string[] = ["awaiting_approval", "held", "proposed"];

/** Approve runs the gate again and mints the permit then; dismiss wants a reason. */
export function ActionButtons({ action }: { action: Action }) {
  const mayDecide = useCan("autopilot.actions:approve");
  const approve = useApprove(action.id);
  const [dismissing, setDismissing] = useState(false);
  if (!mayDecide || !OPEN_STATES.includes(action.state)) return null;
  return (
    <div>
      <div className="flex gap-2">
        {action.state === "awaiting_approval" && (
          <Button
            tone="primary"
            className="max-sm:flex-1"
            busy={approve.isPending}
            onClick={() => {
              approve.mutate();
            }}
          >
            Approve
          </Button>
        )}
        <Button
          className="max-sm:flex-1"
          onClick={() => {
            setDismissing(true);
          }}
        >
          Dismiss
        </Button>
      </div>
      {approve.isError && <ErrorNote error={approve.error} />}
      <Dialog open={dismissing} onOpenChange={setDismissing} title="Dismiss this action?">
        <DismissForm
          actionId={action.id}
          onDone={() => {
            setDismissing(false);
          }}
        />
      </Dialog>
    </div>
  );
}

function DismissForm({ actionId, onDone }: { actionId: string; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const dismiss = useDismiss(actionId);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    dismiss.mutate(reason.trim(), { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Reason"
        required
        maxLength={500}
        autoComplete="off"
        value={reason}
        onChange={(event) => {
          setReason(event.target.value);
        }}
      />
      {dismiss.isError && <ErrorNote error={dismiss.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Keep it</Button>
        <Button type="submit" tone="primary" busy={dismiss.isPending} disabled={reason.trim() === ""}>
          Dismiss
        </Button>
      </div>
    </form>
  );
}
