import { useQuery } from "@tanstack/react-query";
import { OctagonMinus, Play } from "lucide-react";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { cx } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { TextField } from "@/design/field";
import { ErrorNote } from "@/design/states";
import { killSwitchQuery, useKillSwitch } from "./queries";

/** Two steps and a reason, all of it from the keyboard: open, type why, Enter. */
export function KillSwitchButton() {
  const { data } = useQuery(killSwitchQuery);
  const mayPress = useCan("autopilot.kill_switch:write");
  const [open, setOpen] = useState(false);
  if (data === undefined || !mayPress) return null;
  const engage = !data.tenant.engaged;
  return (
    <>
      <Button
        tone={engage ? "caution" : "plain"}
        className={cx(engage && "max-lg:w-8 max-lg:px-0 max-sm:w-10")}
        onClick={() => {
          setOpen(true);
        }}
      >
        {engage ? <OctagonMinus size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        <span className={engage ? "max-lg:sr-only" : undefined}>{engage ? "Kill switch" : "Release"}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={engage ? "Freeze all automation?" : "Release the kill switch?"}
        description={
          engage
            ? "No request that changes an ad account starts from now on. Those in flight are listed and read back. A person’s pause still works."
            : "The autopilot goes back to the mode that signal health allows. Held actions are gated again; nothing is sent by itself because of this."
        }
      >
        <KillSwitchForm
          engage={engage}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

function KillSwitchForm({ engage, onDone }: { engage: boolean; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const killSwitch = useKillSwitch();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    killSwitch.mutate({ engaged: engage, reason: reason.trim() }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        label="Reason"
        hint="It is kept in the ledger and shown to everybody."
        required
        maxLength={200}
        autoComplete="off"
        value={reason}
        onChange={(event) => {
          setReason(event.target.value);
        }}
      />
      {killSwitch.isError && <ErrorNote error={killSwitch.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button
          type="submit"
          tone={engage ? "danger" : "primary"}
          busy={killSwitch.isPending}
          disabled={reason.trim() === ""}
        >
          {engage ? "Freeze everything" : "Release"}
        </Button>
      </div>
    </form>
  );
}
