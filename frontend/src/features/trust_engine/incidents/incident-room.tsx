import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Incident } from "@/api/types";
import { LINK } from "@/design/classes";
import { Evidence } from "@/design/evidence";
import { Moment } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { useAccountName } from "@/features/integrations/ad_accounts/account-picker";
import { words } from "@/format/words";
import { DECISIONS } from "../gate/decisions";
import { AcknowledgeButton } from "./acknowledge-button";
import { toneOf } from "./incident-list";
import { incidentQuery } from "./queries";

/** One incident: what is wrong, how to mend it, and how it went. */
export function IncidentRoom() {
  const { incidentId } = useParams({ from: "/signed-in/trust/incidents/$incidentId" });
  const incident = useQuery(incidentQuery(incidentId));
  return (
    <Loaded query={incident} rows={10}>
      {(data) => <IncidentPage incident={data} />}
    </Loaded>
  );
}

function IncidentPage({ incident }: { incident: Incident }) {
  return (
    <Page
      title={incident.sentence}
      lead={<Status tone={toneOf(incident)}>{words(incident.status)}</Status>}
      actions={<AcknowledgeButton incident={incident} />}
    >
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <WhatIsWrong incident={incident} />
        <Panel title="How it went">
          <ol>
            {incident.timeline.map((entry, index) => (
              <li key={index} className="border-b border-line px-4 py-2.5 last:border-b-0">
                <p className="text-ink-3">
                  <Moment at={entry.at} />
                </p>
                <p className="max-w-prose">{entry.note}</p>
              </li>
            ))}
          </ol>
        </Panel>
        <Panel title="Evidence" className="lg:col-span-2">
          <div className="p-4">
            <Evidence value={incident.evidence} empty="None was recorded." />
          </div>
        </Panel>
      </div>
    </Page>
  );
}

/** What it is about within the account: a campaign is named and linked, all else is a word. */
function Subject({ incident }: { incident: Incident }) {
  const campaign = incident.evidence["campaign"];
  if (incident.kind === "ads_disapproved")
    return (
      <Fact term="Campaign">
        <Link to="/campaigns/$campaignId" params={{ campaignId: incident.subject }} className={LINK}>
          {typeof campaign === "string" ? campaign : "Its ads"}
        </Link>
      </Fact>
    );
  return incident.subject === "" ? null : <Fact term="Of">{words(incident.subject)}</Fact>;
}

function WhatIsWrong({ incident }: { incident: Incident }) {
  const nameOf = useAccountName();
  return (
    <Panel title={incident.status === "closed" ? "What was wrong" : "What is wrong"}>
      <div className="space-y-3 p-4">
        {incident.mend !== null && <p className="max-w-prose font-medium">{incident.mend}</p>}
        <Facts>
          <Fact term="Kind">{words(incident.kind)}</Fact>
          <Subject incident={incident} />
          <Fact term="Severity">{words(incident.severity)}</Fact>
          {incident.ad_account_id !== null && (
            <Fact term="Ad account">
              <Link to="/trust" search={{ account: incident.ad_account_id }} className={LINK}>
                {nameOf(incident.ad_account_id) ?? "Its signals"}
              </Link>
            </Fact>
          )}
          <Fact term="Opened">
            <Moment at={incident.opened_at} />
          </Fact>
          <Fact term="Last heard of">
            <Moment at={incident.updated_at} />
          </Fact>
          {incident.acknowledged_by !== null && <Fact term="Seen by">{incident.acknowledged_by}</Fact>}
          {incident.closed_at !== null && (
            <Fact term="Closed">
              <Moment at={incident.closed_at} />
            </Fact>
          )}
        </Facts>
        <Link
          to="/trust"
          search={{
            account: incident.ad_account_id ?? undefined,
            since: incident.opened_at,
            until: incident.closed_at ?? undefined,
          }}
          hash={DECISIONS}
          className={LINK}
        >
          {incident.closed_at === null ? "What was decided since" : "What was decided meanwhile"}
        </Link>
      </div>
    </Panel>
  );
}
