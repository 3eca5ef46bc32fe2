import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { TrustFrame } from "../trust-frame";
import { IncidentList } from "./incident-list";
import { incidentsQuery } from "./queries";

export function IncidentsRoom() {
  const { show } = useSearch({ from: "/signed-in/trust/incidents" });
  const incidents = useInfiniteQuery(incidentsQuery(show === "all"));
  return (
    <TrustFrame>
      <Panel title="Incidents" aside={<Which />}>
        <Listed
          query={incidents}
          more="Earlier incidents"
          empty={
            <Empty title={show === "all" ? "Nothing has ever gone wrong here." : "Nothing is wrong now."}>
              A dead signal, a broken invariant or a change that did not hold opens one; it closes when what
              was wrong is right again.
            </Empty>
          }
        >
          {(items) => <IncidentList incidents={items} />}
        </Listed>
      </Panel>
    </TrustFrame>
  );
}

function Which() {
  return (
    <PanelTabs label="Which incidents">
      <PanelTab to="/trust/incidents" search={{ show: undefined }}>
        Open
      </PanelTab>
      <PanelTab to="/trust/incidents" search={{ show: "all" }}>
        All
      </PanelTab>
    </PanelTabs>
  );
}
