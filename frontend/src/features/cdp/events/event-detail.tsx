import { useQuery } from "@tanstack/react-query";
import type { EventDetail as Whole } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Moment, Unknown } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { Loaded } from "@/design/states";
import { words } from "@/format/words";
import { PersonLink } from "../profiles/person";
import { sourcesQuery } from "../sources/queries";
import { shiftWords } from "./clock";
import { eventQuery } from "./queries";

/** An event whole, as it is stored. */
export function EventDetail({ eventId, at }: { eventId: string; at: string }) {
  const event = useQuery(eventQuery(eventId, at));
  return <Loaded query={event}>{(data) => <Detail event={data} />}</Loaded>;
}

function Detail({ event }: { event: Whole }) {
  const sources = useQuery(sourcesQuery);
  const source = sources.data?.find(({ id }) => id === event.source_id);
  return (
    <div className="grid gap-4 md:grid-cols-3">
      <Facts className="content-start">
        <Fact term="Message id">
          <code className="font-mono text-sm break-all">{event.message_id}</code>
        </Fact>
        <Fact term="Source">{source?.name ?? <Unknown why="it came with no source’s key" />}</Fact>
        <Fact term="Person">
          {event.profile_id === null ? (
            <Unknown why="it is not worked out yet, or names nobody" />
          ) : (
            <PersonLink profileId={event.profile_id} />
          )}
        </Fact>
        <Fact term="Received">
          <Moment at={event.received_at} />
        </Fact>
        <Fact term="Happened">
          <Moment at={event.event_time} />
        </Fact>
        <Fact term="Its clock">{shiftWords(event.clock_shift_ms)}</Fact>
        {event.order_id !== null && <Fact term="Order">{event.order_id}</Fact>}
        <Fact term="Match keys">
          {event.match_keys.length === 0 ? "none" : event.match_keys.map(words).join(", ")}
        </Fact>
      </Facts>
      <section aria-label="Properties">
        <h3 className="mb-1 font-medium">Properties</h3>
        <Evidence value={event.properties} empty="It has none." />
      </section>
      <section aria-label="Context">
        <h3 className="mb-1 font-medium">Context</h3>
        <Evidence value={event.context} empty="It has none." />
      </section>
    </div>
  );
}
