import { useQueryClient } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { useLive, useLiveMessages } from "@/api/live-context";
import { Button } from "@/design/button";
import { Status } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { type Feed, fed, fits, NOTHING } from "./feed";
import { isNarrowed, useEventSearch } from "./filters";
import { LiveLine } from "./live-line";
import { NoEvents, Stored } from "./stored";

/** Events and verdicts as they come; what names somebody is looked up in the store instead. */
export function Live() {
  const search = useEventSearch();
  const client = useQueryClient();
  const [paused, setPaused] = useState(false);
  const [feed, setFeed] = useState<Feed>(NOTHING);
  const [missed, setMissed] = useState(0);
  useLiveMessages((message) => {
    const after = fed(NOTHING, message);
    const came = after.stored + after.refused;
    if (came === 0) return;
    if (search.identifier !== undefined)
      void client.invalidateQueries({ queryKey: ["cdp/events", "stored"] });
    if (paused) setMissed((was) => was + came);
    else setFeed((was) => fed(was, message));
  });
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2">
        <Button
          aria-pressed={paused}
          onClick={() => {
            setPaused(!paused);
            setMissed(0);
          }}
        >
          {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          {paused ? "Go on" : "Pause"}
        </Button>
        <StreamState paused={paused} missed={missed} />
      </div>
      {search.identifier === undefined ? <Lines feed={feed} /> : <OfSomebody />}
    </>
  );
}

function StreamState({ paused, missed }: { paused: boolean; missed: number }) {
  const { status } = useLive();
  if (paused)
    return (
      <span role="status">
        <Status tone="hold">
          <span>Paused{missed > 0 && `; ${plural(missed, "event")} came meanwhile, and are stored`}</span>
        </Status>
      </span>
    );
  return (
    <span role="status">
      {status === "live" ? (
        <Status tone="pass">Listening</Status>
      ) : (
        <Status tone="hold">Not connected: what comes now is stored, and shown under “Stored”</Status>
      )}
    </span>
  );
}

function Lines({ feed }: { feed: Feed }) {
  const search = useEventSearch();
  const shown = feed.lines.filter((line) => fits(line, search));
  const all = feed.stored + feed.refused;
  return (
    <>
      {all > 0 && (
        <p className="border-b border-line px-4 py-2 text-ink-2">
          Showing {integer(shown.length)} of {plural(all, "event")} since you opened this page:{" "}
          {integer(feed.stored)} stored, {integer(feed.refused)} refused.
          {all > feed.lines.length && " Under load each write shows ten of its events; all are stored."}
        </p>
      )}
      {shown.length > 0 && (
        <ul aria-label="Live events">
          {shown.map((line) => (
            <LiveLine key={line.id} line={line} />
          ))}
        </ul>
      )}
      {shown.length === 0 && (
        <p className="border-b border-line px-4 py-3 text-ink-2">
          {isNarrowed(search)
            ? "Nothing like that has come since you opened this page. These came before:"
            : "Nothing has come since you opened this page. These came before:"}
        </p>
      )}
      {shown.length === 0 && <Stored empty={<NoEvents filtered={isNarrowed(search)} />} />}
    </>
  );
}

function OfSomebody() {
  return (
    <>
      <p className="border-b border-line px-4 py-2 text-ink-2">
        Stored events that carry this identifier, read anew as events come. Refused events are kept sealed and
        are not looked up by whom they name.
      </p>
      <Stored empty={<NoEvents filtered />} />
    </>
  );
}
