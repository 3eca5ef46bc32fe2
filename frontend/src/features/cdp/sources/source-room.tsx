import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import type { Source } from "@/api/types";
import { TimeSeries } from "@/design/charts/time-series";
import { LINK } from "@/design/classes";
import { Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer } from "@/format/numbers";
import { day, shortMoment } from "@/format/time";
import { EventsFrame } from "../events/events-frame";
import { eventStatsQuery } from "../events/queries";
import { sourceQuery, volumeQuery } from "./queries";
import { Schema } from "./schema";
import { SourceChanges } from "./source-changes";
import { KINDS, SourceState } from "./state";
import { Snippets } from "./write-key";

export function SourceRoom() {
  const { sourceId } = useParams({ from: "/signed-in/events/sources/$sourceId" });
  const source = useQuery(sourceQuery(sourceId));
  return (
    <EventsFrame>
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/events/sources" className="text-accent hover:underline">
          All sources
        </Link>
      </nav>
      <Loaded query={source} rows={8}>
        {(data) => (
          <>
            <About source={data} />
            <Volume sourceId={data.id} />
            <Schema key={data.id} sourceId={data.id} />
            <Panel title="How to send">
              <div className="p-4">
                <p className="text-ink-2">
                  With the write key that begins with{" "}
                  <code className="font-mono text-sm">{data.write_key_prefix}</code>: the whole key was shown
                  when it was made.
                </p>
                <Snippets writeKey="YOUR_WRITE_KEY" />
              </div>
            </Panel>
          </>
        )}
      </Loaded>
    </EventsFrame>
  );
}

function About({ source }: { source: Source }) {
  const stats = useQuery(eventStatsQuery);
  const own = stats.data?.sources.find(({ source_id }) => source_id === source.id);
  const counted = (number: number | undefined) =>
    stats.data === undefined ? <Unknown why="it is being read" /> : integer(number ?? 0);
  return (
    <Panel title={source.name} aside={<SourceChanges source={source} />}>
      <div className="grid gap-x-8 gap-y-4 p-4 md:grid-cols-2">
        <Facts className="content-start">
          <Fact term="State">
            {stats.data === undefined ? (
              <Unknown why="it is being read" />
            ) : (
              <SourceState source={source} stats={own} />
            )}
          </Fact>
          <Fact term="Kind">{KINDS[source.kind]}</Fact>
          <Fact term="Made">
            <Moment at={source.created_at} />
          </Fact>
          <Fact term="Write key">
            <code className="font-mono text-sm break-all">{source.write_key_prefix}</code>
          </Fact>
          <Fact term="Key since">
            <Moment at={source.rotated_at ?? source.created_at} />
          </Fact>
        </Facts>
        <Facts className="content-start">
          <Fact term="Stored">{counted(own?.accepted)}</Fact>
          <Fact term="Sent again, dropped">{counted(own?.duplicates)}</Fact>
          <Fact term="Refused">{counted(own?.rejected)}</Fact>
          <Fact term="Look at them">
            <span className="flex flex-wrap gap-x-4">
              <Link to="/events" search={{ source: source.id }} className={LINK}>
                As they come
              </Link>
              <Link to="/events" search={{ source: source.id, show: "rejected" }} className={LINK}>
                Refused
              </Link>
            </span>
          </Fact>
        </Facts>
      </div>
    </Panel>
  );
}

function Volume({ sourceId }: { sourceId: string }) {
  const search = useSearch({ from: "/signed-in/events/sources/$sourceId" });
  const { by = "hour" } = search;
  const volume = useQuery(volumeQuery(sourceId, by));
  return (
    <Panel
      title="Volume"
      aside={
        <PanelTabs label="By">
          <PanelTab
            to="/events/sources/$sourceId"
            params={{ sourceId }}
            search={{ ...search, by: undefined }}
          >
            48 hours
          </PanelTab>
          <PanelTab to="/events/sources/$sourceId" params={{ sourceId }} search={{ ...search, by: "day" }}>
            60 days
          </PanelTab>
        </PanelTabs>
      }
    >
      <Loaded query={volume}>
        {({ buckets }) => (
          <div className="p-4">
            <Sum buckets={buckets} by={by} />
            <TimeSeries
              label={`Events stored by ${by}`}
              points={buckets.map((each) => ({
                at: Date.parse(each.at),
                value: each.accepted,
                immature: !each.complete,
              }))}
              formatValue={integer}
              formatTime={(at) => {
                const iso = new Date(at).toISOString();
                return by === "hour" ? shortMoment(iso) : day(iso.slice(0, 10));
              }}
            />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

interface Bucket {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

function Sum({ buckets, by }: { buckets: readonly Bucket[]; by: "hour" | "day" }) {
  const sum = (name: keyof Bucket) => integer(buckets.reduce((total, each) => total + each[name], 0));
  return (
    <p className="mb-2 text-ink-2">
      In this time {sum("accepted")} stored, {sum("duplicates")} sent again and dropped, {sum("rejected")}{" "}
      refused. Each {by} is counted exactly; the last is not over yet.
      {by === "day" && " Days are UTC’s."}
    </p>
  );
}
