import { Link } from "@tanstack/react-router";
import type { Incident } from "@/api/types";
import { ENTRY_LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Status, type Tone } from "@/design/status";
import { useAccountName } from "@/features/integrations/ad_accounts/account-picker";
import { words } from "@/format/words";
import { AcknowledgeButton } from "./acknowledge-button";

export function toneOf({ status, severity }: Incident): Tone {
  if (status === "closed") return "pass";
  return severity === "critical" ? "block" : "hold";
}

export function IncidentList({ incidents }: { incidents: readonly Incident[] }) {
  return (
    <ul>
      {incidents.map((incident) => (
        <IncidentLine key={incident.id} incident={incident} />
      ))}
    </ul>
  );
}

function IncidentLine({ incident }: { incident: Incident }) {
  const nameOf = useAccountName();
  const account = nameOf(incident.ad_account_id);
  return (
    <li className="grid items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 sm:grid-cols-[124px_minmax(0,1fr)_auto]">
      <div className="flex gap-3 text-ink-2 sm:flex-col sm:gap-0">
        <Status tone={toneOf(incident)}>{words(incident.status)}</Status>
        <span className="text-sm text-ink-3 sm:pl-3.5">
          <Age domain at={incident.opened_at} />
        </span>
      </div>
      <div className="min-w-0">
        <h3>
          <Link to="/trust/incidents/$incidentId" params={{ incidentId: incident.id }} className={ENTRY_LINK}>
            {incident.sentence}
          </Link>
        </h3>
        <p className="text-ink-2">
          {words(incident.kind)}
          {incident.subject !== "" && ` · ${words(incident.subject)}`}
          {account !== null && ` · ${account}`}
          {incident.acknowledged_by !== null && ` · seen by ${incident.acknowledged_by}`}
        </p>
        {incident.mend !== null && incident.status !== "closed" && (
          <p className="max-w-prose text-ink-2">{incident.mend}</p>
        )}
      </div>
      <AcknowledgeButton incident={incident} />
    </li>
  );
}
