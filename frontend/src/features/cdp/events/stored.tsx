import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import type { StoredEvent } from "@/api/types";
import { Button } from "@/design/button";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { TextField } from "@/design/field";
import { Age, Moment, Money } from "@/design/figures";
import { formText } from "@/design/form";
import { Listed } from "@/design/listed";
import { Fact, Facts } from "@/design/panel";
import { Empty } from "@/design/states";
import { clockTime } from "@/format/time";
import { eventsQuery } from "./queries";

export function Stored({ name }: { name: string | undefined }) {
  const [following, setFollowing] = useState(true);
  const events = useInfiniteQuery(eventsQuery(name, following));
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <NameFilter name={name} />
        <Button
          aria-pressed={following}
          onClick={() => {
            setFollowing(!following);
          }}
        >
          {following ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
          {following ? "Following" : "Follow"}
        </Button>
      </div>
      <Listed
        query={events}
        rows={8}
        more="Earlier events"
        empty={<NoEvents filtered={name !== undefined} />}
      >
        {(items) => (
          <ul>
            {items.map((event) => (
              <EventLine key={event.id} event={event} />
            ))}
          </ul>
        )}
      </Listed>
    </>
  );
}

function NameFilter({ name }: { name: string | undefined }) {
  const navigate = useNavigate({ from: "/events" });
  return (
    <form
      role="search"
      className="w-52"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ search: { name: formText(event.currentTarget, "name") || undefined } });
      }}
    >
      <TextField
        label="Event name"
        hideLabel
        name="name"
        type="search"
        placeholder="Event name, Enter"
        defaultValue={name}
      />
    </form>
  );
}

function NoEvents({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No event has that name." />
  ) : (
    <Empty
      title="No event has arrived yet."
      action={
        <Button asChild>
          <Link to="/connect">Show me the snippet</Link>
        </Button>
      }
    >
      Point a Segment, RudderStack or Jitsu SDK here and they appear within a second.
    </Empty>
  );
}

function EventLine({ event }: { event: StoredEvent }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_88px_minmax(0,1fr)_84px_96px_72px]"
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
      <EventDetail event={event} />
    </Expandable>
  );
}

function EventDetail({ event }: { event: StoredEvent }) {
  return (
    <div className="grid gap-4 md:grid-cols-3">
      <Facts className="content-start">
        <Fact term="Message id">
          <code className="font-mono text-sm break-all">{event.message_id}</code>
        </Fact>
        <Fact term="Happened">
          <Moment at={event.event_time} />
        </Fact>
        <Fact term="Received">
          <Moment at={event.received_at} />
        </Fact>
        {event.order_id !== null && <Fact term="Order">{event.order_id}</Fact>}
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
  );
}
