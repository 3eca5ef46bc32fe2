import { useQuery } from "@tanstack/react-query";
import { OctagonMinus, Play } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { cx } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { ReasonForm } from "@/design/reason-form";
import { killSwitchQuery, useKillSwitch } from "./queries";

/** Two steps and a reason, all of it from the keyboard: open, type why, Enter. */
export function KillSwitchButton({ onPauseEverything }: { onPauseEverything?: () => void }) {
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
        {engage && onPauseEverything !== undefined && (
          <PauseEverything
            onPress={() => {
              setOpen(false);
              onPauseEverything();
            }}
          />
        )}
      </Dialog>
    </>
  );
}

/** Freezing changes nothing that runs; who wants that is led on from here. */
function PauseEverything({ onPress }: { onPress: () => void }) {
  if (!useCan("autopilot.stops:write")) return null;
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-2 border-t border-line pt-3">
      <span className="text-ink-2">It pauses nothing that runs.</span>
      <Button tone="caution" onClick={onPress}>
        Pause everything…
      </Button>
    </div>
  );
}

function KillSwitchForm({ engage, onDone }: { engage: boolean; onDone: () => void }) {
  const killSwitch = useKillSwitch();
  return (
    <ReasonForm
      verb={engage ? "Freeze everything" : "Release"}
      tone={engage ? "danger" : "primary"}
      hint="It is kept in the ledger and shown to everybody."
      act={(reason, options) => {
        killSwitch.mutate({ engaged: engage, reason }, options);
      }}
      pending={killSwitch.isPending}
      error={killSwitch.error}
      onDone={onDone}
    />
  );
}
