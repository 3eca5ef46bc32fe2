import { useQuery } from "@tanstack/react-query";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { IncidentList } from "./incident-list";
import { liveIncidentsQuery } from "./queries";

export function Incidents() {
  const incidents = useQuery(liveIncidentsQuery);
  return (
    <Panel title="Open incidents">
      <Loaded query={incidents} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="px-4 py-3 text-ink-2">None.</p>
          ) : (
            <IncidentList incidents={items} />
          )
        }
      </Loaded>
    </Panel>
  );
}
