import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Action } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { approvalOf } from "./approval";
import { useApprove, useDismiss } from "./queries";

const OPEN_STATES: readonly string[] = ["awaiting_approval", "held", "proposed"];

type Asking = "confirm" | "dismiss" | null;

/** Approve runs the gate again and mints the permit then; over a limit, and to dismiss, it wants a reason. */
export function ActionButtons({ action }: { action: Action }) {
  const mayDecide = useCan("autopilot.actions:approve");
  const approve = useApprove(action.id);
  const dismiss = useDismiss(action.id);
  const [asking, setAsking] = useState<Asking>(null);
  const approval = approvalOf(action);
  const close = () => {
    setAsking(null);
  };
  if (!mayDecide || !OPEN_STATES.includes(action.state)) return null;
  return (
    <div>
      <div className="flex gap-2">
        {approval !== "none" && (
          <Button
            tone="primary"
            className="max-sm:flex-1"
            busy={approve.isPending}
            onClick={() => {
              if (approval === "confirm") setAsking("confirm");
              else approve.mutate(null);
            }}
          >
            {approval === "confirm" ? "Approve anyway" : "Approve"}
          </Button>
        )}
        <Button
          className="max-sm:flex-1"
          onClick={() => {
            setAsking("dismiss");
          }}
        >
          Dismiss
        </Button>
      </div>
      {approve.isError && asking === null && <ErrorNote error={approve.error} />}
      <Dialog
        open={asking === "confirm"}
        onOpenChange={close}
        title="Approve over a limit?"
        description={action.reasons.find(({ violation }) => violation !== null)?.sentence}
      >
        <ReasonForm
          verb="Approve anyway"
          decide={approve.mutate}
          pending={approve.isPending}
          error={approve.error}
          onDone={close}
        />
      </Dialog>
      <Dialog open={asking === "dismiss"} onOpenChange={close} title="Dismiss this action?">
        <ReasonForm
          verb="Dismiss"
          decide={dismiss.mutate}
          pending={dismiss.isPending}
          error={dismiss.error}
          onDone={close}
        />
      </Dialog>
    </div>
  );
}

interface ReasonFormProps {
  verb: string;
  decide: (reason: string, options: { onSuccess: () => void }) => void;
  pending: boolean;
  error: Error | null;
  onDone: () => void;
}

function ReasonForm({ verb, decide, pending, error, onDone }: ReasonFormProps) {
  const [reason, setReason] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    decide(reason.trim(), { onSuccess: onDone });
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
      {error !== null && <ErrorNote error={error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Keep it</Button>
        <Button type="submit" tone="primary" busy={pending} disabled={reason.trim().length < 3}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
