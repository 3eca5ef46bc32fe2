import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Age } from "@/design/figures";
import { Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer } from "@/format/numbers";
import { eventStatsQuery } from "./queries";
import { Rejected } from "./rejected";
import { Stored } from "./stored";

export function EventsRoom() {
  const { show, name, source } = useSearch({ from: "/signed-in/events" });
  return (
    <Page
      title="Events"
      lead="What your sources sent, as it was stored, and what was refused, with the reason."
    >
      <Stats />
      <Panel
        title={show === "rejected" ? "Refused" : "Stored"}
        aside={
          <PanelTabs label="Which events">
            <PanelTab to="/events" search={{ show: undefined }}>
              Stored
            </PanelTab>
            <PanelTab to="/events" search={{ show: "rejected" }}>
              Refused
            </PanelTab>
          </PanelTabs>
        }
      >
        {show === "rejected" ? <Rejected source={source} /> : <Stored name={name} />}
      </Panel>
    </Page>
  );
}

function Stats() {
  const stats = useQuery(eventStatsQuery);
  return (
    <section aria-label="Ingestion" className="border-y border-line bg-surface sm:rounded-lg sm:border-x">
      <Loaded query={stats} rows={2}>
        {(data) => (
          <dl className="grid grid-cols-2 *:border-line *:px-4 *:py-3 *:not-first:border-l md:grid-cols-4 max-md:[&>*:nth-child(3)]:border-l-0 max-md:[&>*:nth-child(n+3)]:border-t">
            <div>
              <dt className="text-sm text-ink-3">Newest event</dt>
              <dd className="text-xl font-medium">
                <Age domain at={data.newest_accepted_at} why="none has arrived yet" />
              </dd>
            </div>
            <div>
              <dt className="text-sm text-ink-3">Stored</dt>
              <dd className="text-xl font-medium">{integer(data.accepted)}</dd>
            </div>
            <div>
              <dt className="text-sm text-ink-3">Sent again, dropped</dt>
              <dd className="text-xl font-medium">{integer(data.duplicates)}</dd>
            </div>
            <div>
              <dt className="text-sm text-ink-3">Refused</dt>
              <dd className="text-xl font-medium">{integer(data.rejected)}</dd>
            </div>
          </dl>
        )}
      </Loaded>
    </section>
  );
}
