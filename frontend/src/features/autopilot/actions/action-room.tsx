import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ActionDetail } from "@/api/types";
import { Change } from "@/design/change";
import { LINK } from "@/design/classes";
import { Evidence } from "@/design/evidence";
import { Age, Moment } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { ActionStatus } from "@/design/status";
import { VerdictChip } from "@/design/verdict";
import { words } from "@/format/words";
import { ActionButtons } from "./action-buttons";
import { actionQuery, isWaiting } from "./queries";

export function ActionRoom() {
  const { actionId } = useParams({ from: "/signed-in/autopilot/actions/$actionId" });
  const action = useQuery(actionQuery(actionId));
  return (
    <Loaded query={action} rows={10}>
      {(data) => <ActionPage action={data} />}
    </Loaded>
  );
}

function ActionPage({ action }: { action: ActionDetail }) {
  return (
    <Page
      title={`${words(action.operation)}: ${action.entity_name}`}
      lead={<ActionStatus state={action.state} />}
      actions={<ActionButtons action={action} />}
    >
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <TheChange action={action} />
        <Panel title="What happened">
          <Timeline steps={action.timeline} />
        </Panel>
        <GateVerdict action={action} />
        <Panel title="Evidence">
          <div className="p-4">
            <Evidence
              value={action.evidence}
              empty="None was given with the proposal."
              currency={action.currency}
            />
          </div>
        </Panel>
      </div>
    </Page>
  );
}

function TheChange({ action }: { action: ActionDetail }) {
  return (
    <Panel title="The change">
      <Facts className="p-4">
        <Change before={action.before} after={action.after} currency={action.currency} />
        <Fact term="Why">{action.reason}</Fact>
        <Fact term="Rests on">{grounds(action)}</Fact>
        <Fact term="Proposed by">{action.requested_label}</Fact>
        {action.approved_by !== null && (
          <Fact term={action.envelope_id === null ? "Approved by" : "Approved beforehand by"}>
            {action.approved_by}
          </Fact>
        )}
        <Fact term="Platform">
          {words(action.platform)}, {words(action.entity_type)}{" "}
          <code className="font-mono text-sm">{action.entity}</code>
        </Fact>
        {isWaiting(action) && (
          <Fact term="Expires">
            <Age domain at={action.expires_at} />
          </Fact>
        )}
        {action.watch_until !== null && (
          <Fact term="Watched until">
            <Moment at={action.watch_until} />
          </Fact>
        )}
        {action.error_code !== null && (
          <Fact term="Error">
            {action.error_detail} <code className="font-mono text-sm text-ink-3">{action.error_code}</code>
          </Fact>
        )}
      </Facts>
    </Panel>
  );
}

function Timeline({ steps }: { steps: ActionDetail["timeline"] }) {
  return (
    <ol>
      {steps.map((step, index) => (
        <li key={index} className="border-b border-line px-4 py-2.5 last:border-b-0">
          <div className="flex flex-wrap justify-between gap-x-4">
            <ActionStatus state={step.to_state} />
            <span className="text-ink-3">
              <Moment at={step.at} />
            </span>
          </div>
          <p className="pl-3.5 text-ink-2">
            {step.note === null ? step.actor : `${step.actor}: ${step.note}`}
          </p>
        </li>
      ))}
    </ol>
  );
}

function GateVerdict({ action: { verdict, reasons, decision_id } }: { action: ActionDetail }) {
  return (
    <Panel title="The gate" aside={verdict !== null && <VerdictChip verdict={verdict} />}>
      {reasons.length === 0 && <p className="px-4 py-2.5 text-ink-2">It has not decided yet.</p>}
      <ul>
        {reasons.map((reason) => (
          <li key={reason.code} className="border-b border-line px-4 py-2.5 last:border-b-0">
            {reason.sentence} <code className="font-mono text-sm text-ink-3">{reason.code}</code>
          </li>
        ))}
      </ul>
      {decision_id !== null && (
        <p className="border-t border-line px-4 py-2.5">
          <Link to="/trust/decisions/$decisionId" params={{ decisionId: decision_id }} className={LINK}>
            All that it read
          </Link>
        </p>
      )}
    </Panel>
  );
}

/** What the reason rests on; who said nothing rests on all that a return is made of. */
function grounds(action: ActionDetail): string {
  if (action.spend_only) return "What was spent, alone";
  if (action.justified_by.length === 0) return "Freshness, agreement with orders and event delivery";
  return action.justified_by.map(words).join(", ");
}
