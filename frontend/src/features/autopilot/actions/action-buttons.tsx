import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Action } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { ReasonForm } from "@/design/reason-form";
import { ErrorNote } from "@/design/states";
import { approvalOf } from "./approval";
import { isWaiting, useApprove, useDismiss } from "./queries";

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
  if (!mayDecide || !isWaiting(action)) return null;
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
          cancel="Keep it"
          act={approve.mutate}
          pending={approve.isPending}
          error={approve.error}
          onDone={close}
        />
      </Dialog>
      <Dialog open={asking === "dismiss"} onOpenChange={close} title="Dismiss this action?">
        <ReasonForm
          verb="Dismiss"
          cancel="Keep it"
          act={dismiss.mutate}
          pending={dismiss.isPending}
          error={dismiss.error}
          onDone={close}
        />
      </Dialog>
    </div>
  );
}
