import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Expandable } from "@/design/expandable";
import { Age, Unknown } from "@/design/figures";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { clockTime } from "@/format/time";
import { words } from "@/format/words";
import { EventDetail } from "./event-detail";
import type { Line } from "./feed";
import { verdictQuery } from "./queries";
import { VerdictDetail } from "./verdict-detail";

export function LiveLine({ line }: { line: Line }) {
  const [opened, setOpened] = useState(false);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_88px_84px_minmax(0,200px)_minmax(0,1fr)_72px]"
      onOpen={() => {
        setOpened(true);
      }}
      summary={
        <>
          <span className="whitespace-nowrap text-ink-3 max-sm:hidden">{clockTime(line.at)}</span>
          <span className="max-sm:order-1">
            <Status tone={line.refused ? "block" : "pass"}>{line.refused ? "Refused" : "Stored"}</Status>
          </span>
          <span className="truncate font-medium max-sm:order-none">
            {line.name ?? <Unknown why="it had no name" />}
          </span>
          <span className="min-w-0 truncate text-ink-2 max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {line.refused ? line.told : words(line.told)}
          </span>
          <span className="text-right text-ink-3 max-sm:hidden">
            <Age domain at={line.at} />
          </span>
        </>
      }
    >
      {opened && (line.refused ? <Refused line={line} /> : <EventDetail eventId={line.id} at={line.at} />)}
    </Expandable>
  );
}

function Refused({ line }: { line: Line }) {
  const verdict = useQuery(verdictQuery(line.id));
  return <Loaded query={verdict}>{(data) => <VerdictDetail verdict={data} />}</Loaded>;
}
