import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { StoredEvent } from "@/api/types";
import { Button } from "@/design/button";
import { Expandable } from "@/design/expandable";
import { Age, Money } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { clockTime } from "@/format/time";
import { EventDetail } from "./event-detail";
import { isNarrowed, useEventSearch } from "./filters";
import { eventsQuery } from "./queries";

/** The event store, the newest first. */
export function Stored({ empty }: { empty?: ReactNode }) {
  const search = useEventSearch();
  const events = useInfiniteQuery(eventsQuery(search));
  return (
    <Listed
      query={events}
      rows={8}
      more="Earlier events"
      empty={empty ?? <NoEvents filtered={isNarrowed(search)} />}
    >
      {(items) => (
        <ul>
          {items.map((event) => (
            <EventLine key={event.id} event={event} />
          ))}
        </ul>
      )}
    </Listed>
  );
}

export function NoEvents({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No event is like that." />
  ) : (
    <Empty
      title="No event has arrived yet."
      action={
        <Button asChild>
          <Link to="/events/sources">Show me the snippet</Link>
        </Button>
      }
    >
      Point a Segment, RudderStack or Jitsu SDK here and they appear within a second.
    </Empty>
  );
}

function EventLine({ event }: { event: StoredEvent }) {
  const [opened, setOpened] = useState(false);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_88px_minmax(0,1fr)_84px_96px_72px]"
      onOpen={() => {
        setOpened(true);
      }}
      summary={
        <>
          <span className="whitespace-nowrap text-ink-3 max-sm:hidden">{clockTime(event.received_at)}</span>
          <span className="truncate font-medium">{event.event_name}</span>
          <span className="text-ink-2 max-sm:hidden">{event.event_type}</span>
          <span className="text-right max-sm:hidden">
            {event.value_micros !== null && <Money micros={event.value_micros} currency={event.currency} />}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={event.received_at} />
          </span>
        </>
      }
    >
      {opened && <EventDetail eventId={event.id} at={event.received_at} />}
    </Expandable>
  );
}
