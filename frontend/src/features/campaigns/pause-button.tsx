import { Pause } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Campaign } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { ReasonForm } from "@/design/reason-form";
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
  const pause = useChangeCampaign(campaignId);
  return (
    <ReasonForm
      verb="Pause"
      act={(reason, options) => {
        pause.mutate({ status: "paused", reason }, options);
      }}
      pending={pause.isPending}
      error={pause.error}
      onDone={onDone}
    />
  );
}
