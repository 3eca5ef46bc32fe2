import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Quarantined } from "@/api/types";
import { Button } from "@/design/button";
import { Expandable } from "@/design/expandable";
import { Age, Moment } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { countedWords } from "./aside-hint";
import { asideQuery, useCountAgain } from "./aside-queries";
import { EventDetail } from "./event-detail";

const WHY: Readonly<Record<string, string>> = {
  "security.unsealable":
    "Whom it names cannot be read: what is stored was altered, or the key it was sealed with is missing.",
  internal: "This is a fault of ours: tell who runs Stratum for you what stands below.",
};

/** Events that are stored and could not be counted for anybody: why, and a way to have them counted after all. */
export function Aside() {
  const may = useCan("cdp.identity:read");
  const aside = useInfiniteQuery({ ...asideQuery, enabled: may });
  const again = useCountAgain();
  if (!may)
    return <Empty title="You cannot look at these.">Analysts and above see what could not be counted.</Empty>;
  const total = aside.data?.pages[0]?.total ?? 0;
  return (
    <>
      {total > 0 && <CountAll total={total} again={again} />}
      <Outcome again={again} />
      <Listed
        query={aside}
        more="Earlier"
        empty={
          <Empty title="Every event was counted.">
            An event that is stored, but of which nobody’s profile could be made, stands here with the reason,
            and can be counted once that is mended.
          </Empty>
        }
      >
        {(items) => (
          <ul aria-label="Set aside">
            {items.map((each) => (
              <AsideLine key={each.event_id} event={each} again={again} />
            ))}
          </ul>
        )}
      </Listed>
    </>
  );
}

type Again = ReturnType<typeof useCountAgain>;

function CountAll({ total, again }: { total: number; again: Again }) {
  const may = useCan("cdp.identity:write");
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 border-b border-line px-4 py-3">
      <p className="text-ink-2">
        {countedWords(total)} set aside. Nothing is lost: they are stored as they came, and are missing from
        every figure about people.
      </p>
      {may ? (
        <Button
          busy={again.isPending && again.variables === null}
          onClick={() => {
            again.mutate(null);
          }}
        >
          Count all again
        </Button>
      ) : (
        <p className="text-sm text-ink-3">Managers and above can have them counted again.</p>
      )}
    </div>
  );
}

function Outcome({ again }: { again: Again }) {
  if (again.isError) return <ErrorNote error={again.error} />;
  if (again.data === undefined) return null;
  return (
    <p role="status" className="border-b border-line px-4 py-2">
      Counting {countedWords(again.data.queued)} again: what fails again is back here within moments.
    </p>
  );
}

interface OneProps {
  event: Quarantined;
  again: Again;
}

function AsideLine({ event, again }: OneProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_104px_minmax(0,180px)_minmax(0,1fr)_72px]"
      onOpen={() => {
        setOpened(true);
      }}
      summary={
        <>
          <Status tone="block">Set aside</Status>
          <span className="truncate font-medium max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            {event.event_name}
          </span>
          <span className="min-w-0 truncate text-ink-2 max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {WHY[event.code] ?? event.reason}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={event.quarantined_at} />
          </span>
        </>
      }
    >
      <Why event={event} again={again} />
      {opened && <EventDetail eventId={event.event_id} at={event.received_at} />}
    </Expandable>
  );
}

function Why({ event, again }: OneProps) {
  const may = useCan("cdp.identity:write");
  const why = WHY[event.code];
  return (
    <div className="mb-4 space-y-3">
      {why !== undefined && <p className="max-w-prose">{why}</p>}
      <Facts>
        <Fact term="What failed">
          <code className="font-mono text-sm break-words">
            {event.code}: {event.reason}
          </code>
        </Fact>
        <Fact term="Last tried">
          <Moment at={event.quarantined_at} />
        </Fact>
      </Facts>
      {may && (
        <Button
          busy={again.isPending && again.variables === event.event_id}
          onClick={() => {
            again.mutate(event.event_id);
          }}
        >
          Count it again
        </Button>
      )}
    </div>
  );
}
