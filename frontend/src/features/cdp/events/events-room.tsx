import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer } from "@/format/numbers";
import { Aside } from "./aside";
import { EventsFrame } from "./events-frame";
import { Filters, useEventSearch } from "./filters";
import { Live } from "./live";
import { eventStatsQuery } from "./queries";
import { Rejected } from "./rejected";
import { Stored } from "./stored";

const TITLES = { stored: "Stored", rejected: "Refused", aside: "Set aside" } as const;

export function EventsRoom() {
  const search = useSearch({ from: "/signed-in/events" });
  const { identifier } = useEventSearch();
  const state = identifier === undefined ? {} : { identifier };
  const { show } = search;
  const maySeeAside = useCan("cdp.identity:read");
  return (
    <EventsFrame>
      <Stats />
      <Panel
        title={show === undefined ? "As they come" : TITLES[show]}
        aside={
          <PanelTabs label="Which events">
            <PanelTab to="/events" search={{ ...search, show: undefined }} state={state}>
              Live
            </PanelTab>
            <PanelTab to="/events" search={{ ...search, show: "stored" }} state={state}>
              Stored
            </PanelTab>
            <PanelTab to="/events" search={{ ...search, show: "rejected" }} state={state}>
              Refused
            </PanelTab>
            {maySeeAside && (
              <PanelTab to="/events" search={{ show: "aside" }}>
                Set aside
              </PanelTab>
            )}
          </PanelTabs>
        }
      >
        {show !== "aside" && <Filters />}
        <Shown />
      </Panel>
    </EventsFrame>
  );
}

function Shown() {
  switch (useSearch({ from: "/signed-in/events" }).show) {
    case undefined:
      return <Live />;
    case "stored":
      return <Stored />;
    case "rejected":
      return <Rejected />;
    case "aside":
      return <Aside />;
  }
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
