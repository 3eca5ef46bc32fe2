import { useInfiniteQuery } from "@tanstack/react-query";
import type { TimelineEvent } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { Age, Moment, Money } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { shortMoment } from "@/format/time";
import { timelineQuery } from "./queries";

export function Timeline({ profileId }: { profileId: string }) {
  const events = useInfiniteQuery(timelineQuery(profileId));
  return (
    <Panel title="Timeline">
      <Listed
        query={events}
        more="Earlier events"
        empty={<Empty title="No event of theirs is stored any more." />}
      >
        {(items) => (
          <ul>
            {items.map((event) => (
              <EventLine key={event.id} event={event} />
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}

function EventLine({ event }: { event: TimelineEvent }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_120px_minmax(0,1fr)_84px_96px_72px]"
      summary={
        <>
          <span className="text-ink-3 max-sm:hidden">{shortMoment(event.event_time)}</span>
          <span className="truncate font-medium">{event.event_name}</span>
          <span className="text-ink-2 max-sm:hidden">
            {event.is_refund ? "refund" : event.is_order ? "order" : event.event_type}
          </span>
          <span className="text-right max-sm:hidden">
            {event.value_micros !== null && <Money micros={event.value_micros} currency={event.currency} />}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={event.event_time} />
          </span>
        </>
      }
    >
      <div className="grid gap-4 md:grid-cols-3">
        <Facts className="content-start">
          <Fact term="Happened">
            <Moment at={event.event_time} />
          </Fact>
          <Fact term="Received">
            <Moment at={event.received_at} />
          </Fact>
          {event.order_id !== null && <Fact term="Order">{event.order_id}</Fact>}
          {event.value_micros !== null && (
            <Fact term="Value">
              <Money micros={event.value_micros} currency={event.currency} />
            </Fact>
          )}
        </Facts>
        <section aria-label="Properties">
          <h4 className="mb-1 font-medium">Properties</h4>
          <Evidence value={event.properties} empty="It has none." />
        </section>
        <section aria-label="Context">
          <h4 className="mb-1 font-medium">Context</h4>
          <Evidence value={event.context} empty="It has none." />
        </section>
      </div>
    </Expandable>
  );
}
