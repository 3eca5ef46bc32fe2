import { Pause } from "lucide-react";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import type { Campaign } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { useChangeCampaign } from "./queries";

/** A person's pause reads no signal health at all: nothing can stop it. */
export function PauseButton({ campaign }: { campaign: Campaign }) {
  const mayPause = useCan("autopilot.actions:write");
  const [open, setOpen] = useState(false);
  if (!mayPause || campaign.status.toUpperCase() !== "ACTIVE") return null;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        <Pause size={14} aria-hidden />
        Pause
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Pause “${campaign.name}”?`}
        description="It stops spending as soon as the platform has confirmed it. No signal and no kill switch holds a pause back."
      >
        <PauseForm
          campaignId={campaign.id}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

function PauseForm({ campaignId, onDone }: { campaignId: string; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const pause = useChangeCampaign(campaignId);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    pause.mutate({ status: "paused", reason: reason.trim() }, { onSuccess: onDone });
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
      {pause.isError && <ErrorNote error={pause.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={pause.isPending} disabled={reason.trim() === ""}>
          Pause
        </Button>
      </div>
    </form>
  );
}
