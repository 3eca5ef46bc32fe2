import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/permissions";
import type { Incident } from "@/api/types";
import { Button } from "@/design/button";
import { Evidence } from "@/design/evidence";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { words } from "@/format/words";
import { openIncidentsQuery, useAcknowledge } from "./queries";

export function Incidents() {
  const incidents = useQuery(openIncidentsQuery);
  return (
    <Panel title="Open incidents">
      <Loaded query={incidents} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="px-4 py-3 text-ink-2">None.</p>
          ) : (
            <ul>
              {items.map((incident) => (
                <IncidentLine key={incident.id} incident={incident} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function IncidentLine({ incident }: { incident: Incident }) {
  const mayAcknowledge = useCan("trust_engine.incidents:write");
  const acknowledge = useAcknowledge();
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 border-b border-line px-4 py-3 last:border-b-0">
      <div className="min-w-0 flex-1">
        <h3 className="flex flex-wrap items-center gap-x-3 font-medium">
          <Status tone={incident.severity === "critical" ? "block" : "hold"}>{incident.subject}</Status>
          <span className="font-normal text-ink-3">
            {words(incident.kind)} · opened <Age domain at={incident.opened_at} />
          </span>
        </h3>
        <p className="mt-0.5 max-w-prose">{incident.sentence}</p>
        {incident.mend !== null && <p className="max-w-prose text-ink-2">{incident.mend}</p>}
        <details className="mt-1">
          <summary className="w-fit text-accent underline underline-offset-2">Evidence</summary>
          <div className="mt-2">
            <Evidence value={incident.evidence} empty="None was recorded." />
          </div>
        </details>
        {acknowledge.isError && <ErrorNote error={acknowledge.error} />}
      </div>
      {incident.acknowledged_by === null && mayAcknowledge && (
        <Button
          busy={acknowledge.isPending}
          onClick={() => {
            acknowledge.mutate(incident.id);
          }}
        >
          Acknowledge
        </Button>
      )}
    </li>
  );
}
