import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { OctagonX } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Stop } from "@/api/types";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { AutopilotFrame } from "../autopilot-frame";
import { progressOf, stageOf } from "./progress";
import { stopsQuery } from "./queries";
import { StopDialog } from "./stop-dialog";

export function StopsRoom() {
  const stops = useInfiniteQuery(stopsQuery);
  return (
    <AutopilotFrame>
      <Panel title="Stops" aside={<PauseEverything />}>
        <Listed
          query={stops}
          more="Earlier stops"
          empty={
            <Empty title="Nobody has stopped everything yet.">
              A stop pauses every active campaign, one action for each. It stands here with how far it got,
              until it is given back.
            </Empty>
          }
        >
          {(items) => (
            <ul>
              {items.map((stop) => (
                <StopLine key={stop.id} stop={stop} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </AutopilotFrame>
  );
}

function PauseEverything() {
  const mayStop = useCan("autopilot.stops:write");
  const [open, setOpen] = useState(false);
  if (!mayStop) return null;
  return (
    <>
      <Button
        tone="caution"
        onClick={() => {
          setOpen(true);
        }}
      >
        <OctagonX size={14} aria-hidden />
        Pause everything…
      </Button>
      <StopDialog open={open} onOpenChange={setOpen} />
    </>
  );
}

function StopLine({ stop }: { stop: Stop }) {
  const { tone, name } = stageOf(stop);
  return (
    <li className="grid gap-x-4 gap-y-1 border-b border-line px-4 py-3 last:border-b-0 sm:grid-cols-[160px_minmax(0,1fr)]">
      <div className="flex gap-3 text-ink-2 sm:flex-col sm:gap-0">
        <Status tone={tone}>{name}</Status>
        <span className="text-sm text-ink-3 sm:pl-3.5">
          <Age domain at={stop.asked_at} />
        </span>
      </div>
      <div className="min-w-0">
        <h3>
          <Link to="/autopilot/stops/$stopId" params={{ stopId: stop.id }} className={ENTRY_LINK}>
            {words(stop.kind)}
          </Link>{" "}
          <span className="text-ink-2">
            {stop.ad_account_id === null ? "of the company" : "of one account"}, by {stop.asked_by}
          </span>
        </h3>
        <p className="max-w-prose text-ink-2">{stop.reason}</p>
        <p className="text-sm text-ink-3">{progressOf(stop).join(" · ")}</p>
      </div>
    </li>
  );
}
