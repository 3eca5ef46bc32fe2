import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { DecisionDetail } from "@/api/types";
import { Button } from "@/design/button";
import { Change } from "@/design/change";
import { Evidence } from "@/design/evidence";
import { Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { VerdictChip } from "@/design/verdict";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { ReplayPanel } from "../replay/replay-panel";
import { decisionQuery } from "./queries";

/** One decision, down to all that it read. */
export function DecisionRoom() {
  const { decisionId } = useParams({ from: "/signed-in/trust/decisions/$decisionId" });
  const decision = useQuery(decisionQuery(decisionId));
  return (
    <Loaded query={decision} rows={10}>
      {(data) => <DecisionPage decision={data} />}
    </Loaded>
  );
}

function DecisionPage({ decision }: { decision: DecisionDetail }) {
  return (
    <Page
      title={`${words(decision.kind)}: ${decision.entity_name ?? decision.entity_id}`}
      lead={
        <span className="flex items-center gap-2">
          <VerdictChip verdict={decision.result} /> <Moment at={decision.decided_at} />
        </span>
      }
      actions={
        decision.action_id !== null && (
          <Button asChild>
            <Link to="/autopilot/actions/$actionId" params={{ actionId: decision.action_id }}>
              The action
            </Link>
          </Button>
        )
      }
    >
      <Panel title="Reasons">
        <ol>
          {decision.reasons.map((reason) => (
            <li key={reason.code} className="border-b border-line px-4 py-2.5 last:border-b-0">
              <p>{reason.message}</p>
              <p className="font-mono text-sm text-ink-3">{reason.code}</p>
            </li>
          ))}
        </ol>
      </Panel>
      {decision.id !== null && <ReplayPanel decisionId={decision.id} />}
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="The change">
          <div className="p-4">
            <Facts>
              <Fact term="Risk class">{words(decision.risk_class)}</Fact>
              <Fact term="Score / needs">
                {decision.score === null ? <Unknown why="no live score" /> : integer(decision.score)} /{" "}
                {decision.required_score === null ? "any" : integer(decision.required_score)}
              </Fact>
              <Change before={decision.before} after={decision.after} currency={decision.currency} />
            </Facts>
          </div>
        </Panel>
        <Panel title="Proof">
          <div className="p-4">
            <Facts>
              <Fact term="Row of the ledger">
                {decision.sequence === null ? <Unknown why="it was a trial" /> : integer(decision.sequence)}
              </Fact>
              <Fact term="Policy">version {decision.policy_version}</Fact>
              <Fact term="Decider">{decision.decider_version}</Fact>
              <Fact term="Hash">
                <code className="font-mono text-sm break-all">{decision.hash}</code>
              </Fact>
              <Fact term="Hash before it">
                <code className="font-mono text-sm break-all">{decision.previous_hash}</code>
              </Fact>
            </Facts>
          </div>
        </Panel>
        <Panel title="Inputs">
          <div className="p-4">
            <Evidence value={decision.inputs} empty="None were recorded." currency={decision.currency} />
          </div>
        </Panel>
        <Panel title="Evidence">
          <div className="p-4">
            <Evidence value={decision.evidence} empty="None was recorded." currency={decision.currency} />
          </div>
        </Panel>
      </div>
    </Page>
  );
}
