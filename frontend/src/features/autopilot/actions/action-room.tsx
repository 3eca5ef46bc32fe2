import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ActionDetail } from "@/api/types";
import { Change } from "@/design/change";
import { Age, Moment } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { ActionStatus } from "@/design/status";
import { VerdictChip } from "@/design/verdict";
import { words } from "@/format/words";
import { ActionButtons } from "./action-buttons";
import { actionQuery } from "./queries";

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
      title={`${words(action.operation)}: ${action.entity_name ?? action.entity_id}`}
      lead={<ActionStatus state={action.status} />}
      actions={<ActionButtons action={action} />}
    >
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="The change">
          <div className="p-4">
            <Facts>
              <Change before={action.before} after={action.after} currency={action.currency} />
              <Fact term="Why">{action.reason}</Fact>
              <Fact term="Class">{words(action.risk_class)}</Fact>
              <Fact term="Proposed by">{action.proposed_by ?? words(action.origin)}</Fact>
              <Fact term="Platform">
                {words(action.platform)}, {words(action.entity_type)} {action.entity_id}
              </Fact>
              {action.expires_at !== null && (
                <Fact term="Expires">
                  <Age at={action.expires_at} />
                </Fact>
              )}
            </Facts>
          </div>
        </Panel>
        <Panel title="What happened">
          <Timeline events={action.events} />
        </Panel>
      </div>
      {action.gate !== null && <GateVerdict gate={action.gate} />}
    </Page>
  );
}

function Timeline({ events }: { events: ActionDetail["events"] }) {
  return (
    <ol className="p-4">
      {events.map((event, index) => (
        <li key={index} className="relative border-l border-line pb-3 pl-4 last:pb-0">
          <span aria-hidden className="absolute top-1.5 -left-[3.5px] size-1.5 rounded-full bg-ink-3" />
          <div className="flex flex-wrap justify-between gap-x-4">
            <ActionStatus state={event.status} />
            <span className="text-ink-3">
              <Moment at={event.at} />
            </span>
          </div>
          {(event.actor !== null || event.detail !== null) && (
            <p className="text-ink-2">
              {[event.actor, event.detail].filter((part) => part !== null).join(": ")}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function GateVerdict({ gate }: { gate: NonNullable<ActionDetail["gate"]> }) {
  return (
    <Panel title="The gate’s decision" aside={<VerdictChip verdict={gate.result} />}>
      <ul>
        {gate.reasons.map((reason) => (
          <li key={reason.code} className="border-b border-line px-4 py-2">
            {reason.message}
          </li>
        ))}
      </ul>
      <p className="px-4 py-2.5">
        <Link
          to="/trust/decisions/$decisionId"
          params={{ decisionId: gate.id }}
          className="text-accent underline underline-offset-2"
        >
          All that it read
        </Link>
      </p>
    </Panel>
  );
}
