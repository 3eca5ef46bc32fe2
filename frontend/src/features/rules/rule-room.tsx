import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { useCan } from "@/api/permissions";
import type { Rule, RuleEvaluation, RuleFiring } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { ConfirmButton } from "@/design/confirm-button";
import { Age, Moment } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { plural, words } from "@/format/words";
import { fieldsOf } from "@/design/form";
import { labelsQuery } from "../campaigns/labels/queries";
import { adAccountsQuery } from "../integrations/ad_accounts/queries";
import { BacktestPanel } from "./backtest-panel";
import type { Definition, Node, Schedule } from "./definition";
import {
  evaluationsQuery,
  firingsQuery,
  ruleQuery,
  useArchiveRule,
  useChangeRule,
  useRunRule,
} from "./queries";
import { RuleState } from "./rules-room";
import { actionInWords, conditionInWords, isGroup, JOINS, scheduleInWords, scopeInWords } from "./sentences";
import { Figures } from "./verdicts";

export function RuleRoom() {
  const { ruleId } = useParams({ from: "/signed-in/autopilot/rules/$ruleId" });
  const rule = useQuery(ruleQuery(ruleId));
  return (
    <Loaded query={rule} rows={12}>
      {(data) => <RulePage rule={data} />}
    </Loaded>
  );
}

function RulePage({ rule }: { rule: Rule }) {
  const definition = rule.definition as unknown as Definition;
  const schedule = rule.schedule as unknown as Schedule;
  return (
    <Page title={rule.name} lead={rule.description || undefined} actions={<Actions rule={rule} />}>
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/autopilot/rules" className={LINK}>
          All rules
        </Link>
      </nav>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
        <Panel title="Rule" aside={<RuleState state={rule.state} />}>
          <div className="space-y-3 p-4">
            <InWords definition={definition} />
            <Facts>
              <SetInWords definition={definition} />
              <Fact term="Evaluated">{scheduleInWords(schedule)}</Fact>
              <Fact term="Acts on a campaign">once in {plural(rule.cooldown_hours, "hour")}</Fact>
              <Fact term="Next">
                <Age domain at={rule.next_run_at} why="it is switched off" />
              </Fact>
            </Facts>
          </div>
        </Panel>
        <BacktestPanel definition={definition} schedule={schedule} cooldownHours={rule.cooldown_hours} />
      </div>
      <Firings ruleId={rule.id} />
      <Evaluations ruleId={rule.id} />
    </Page>
  );
}

function Actions({ rule }: { rule: Rule }) {
  const mayWrite = useCan("rules:write");
  const change = useChangeRule(rule.id);
  const archive = useArchiveRule(rule.id);
  const run = useRunRule(rule.id);
  if (!mayWrite || rule.state === "archived") return null;
  const collides = Object.values(fieldsOf(change.error));
  return (
    <>
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: rule.state === "off", accept_conflicts: false });
        }}
      >
        {rule.state === "on" ? "Switch off" : "Switch on"}
      </Button>
      <ConfirmButton label="Run now" title={`Run “${rule.name}” now?`} act={() => run.mutateAsync()}>
        It is held against every campaign of its set, and what it proposes goes to the gate at once.
      </ConfirmButton>
      <ConfirmButton label="Archive" title={`Archive “${rule.name}”?`} act={() => archive.mutateAsync()}>
        It runs no more. Its history can still be read, and its name is free. This cannot be undone.
      </ConfirmButton>
      <Button asChild tone="primary">
        <Link to="/autopilot/rules/$ruleId/edit" params={{ ruleId: rule.id }}>
          <Pencil size={14} aria-hidden />
          Edit
        </Link>
      </Button>
      {collides.map((message) => (
        <p key={message} role="alert" className="max-w-prose text-sm text-block">
          {message}
        </p>
      ))}
      {change.isError && collides.length === 0 && <ErrorNote error={change.error} />}
    </>
  );
}

function SetInWords({ definition: { scope, minimum_maturity } }: { definition: Definition }) {
  const labels = useQuery(labelsQuery).data?.items ?? [];
  const accounts = useQuery(adAccountsQuery).data?.items ?? [];
  const said = scopeInWords(
    scope,
    (id) => accounts.find((each) => each.id === id)?.name ?? "an account that is gone",
    (id) => labels.find((each) => each.id === id)?.name ?? "a label that is gone",
  );
  return (
    <>
      <Fact term="Campaigns">{said ?? "All"}</Fact>
      <Fact term="Conversions are known">
        once {Math.round(Number(minimum_maturity) * 100)} % of the attribution window has passed
      </Fact>
    </>
  );
}

function InWords({ definition }: { definition: Definition }) {
  const labels = useQuery(labelsQuery);
  const named = (id: string) =>
    labels.data?.items.find((each) => each.id === id)?.name ?? "a label that is gone";
  return (
    <div className="space-y-2">
      <NodeInWords node={definition.condition} named={named} />
      <p className="font-medium">Then:</p>
      <ul className="list-disc pl-5">
        {definition.actions.map((each, index) => (
          <li key={index}>{actionInWords(each, named)}</li>
        ))}
      </ul>
    </div>
  );
}

function NodeInWords({ node, named }: { node: Node; named: (id: string) => string }) {
  if (node.kind === "not")
    return (
      <div>
        <p>It does not hold that</p>
        <div className="pl-4">
          <NodeInWords node={node.of} named={named} />
        </div>
      </div>
    );
  if (!isGroup(node)) return <p>{conditionInWords(node, named)}</p>;
  return (
    <div>
      <p className="text-ink-2">{JOINS[node.kind]}:</p>
      <ul className="list-disc space-y-1 pl-5">
        {node.of.map((each, index) => (
          <li key={index}>
            <NodeInWords node={each} named={named} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Firings({ ruleId }: { ruleId: string }) {
  const firings = useInfiniteQuery(firingsQuery(ruleId));
  return (
    <Panel title="What it did">
      <Listed
        query={firings}
        more="Earlier ones"
        empty={<Empty title="It has done nothing yet.">Each campaign that it acts on stands here.</Empty>}
      >
        {(items) => (
          <ul>
            {items.map((each) => (
              <Firing key={each.id} firing={each} />
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}

function Firing({ firing }: { firing: RuleFiring }) {
  const done = firing.steps
    .filter((each) => each["done"] === true)
    .map((each) => words(String(each["kind"])));
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0">
      <span className="min-w-32 font-medium">{firing.campaign_name}</span>
      <Figures figures={firing.figures} currency={firing.currency} />
      <span className="text-ink-2">{done.join(", ")}</span>
      {firing.action_id !== null && (
        <Link to="/autopilot/actions/$actionId" params={{ actionId: firing.action_id }} className={LINK}>
          The action
        </Link>
      )}
      <span className="ml-auto text-ink-3">
        <Moment at={firing.fired_at} />
      </span>
    </li>
  );
}

function Evaluations({ ruleId }: { ruleId: string }) {
  const evaluations = useInfiniteQuery(evaluationsQuery(ruleId));
  return (
    <Panel
      title="Evaluations"
      aside={<span className="text-sm text-ink-3">those that found something, or could not know</span>}
    >
      <Listed
        query={evaluations}
        more="Earlier evaluations"
        empty={<Empty title="None yet.">An evaluation that holds for no campaign is not listed.</Empty>}
      >
        {(items) => (
          <ul>
            {items.map((each) => (
              <Evaluation key={each.id} evaluation={each} />
            ))}
          </ul>
        )}
      </Listed>
    </Panel>
  );
}

function Evaluation({ evaluation }: { evaluation: RuleEvaluation }) {
  const { considered, held, acted, unknown_by_reason, idle_by_reason, evaluated_at, ended_at, version } =
    evaluation;
  const counted = (by: Record<string, number>) =>
    Object.entries(by).map(([why, count]) => `${count} ${words(why).toLowerCase()}`);
  const unknown = counted(unknown_by_reason);
  const idle = counted(idle_by_reason);
  return (
    <li className="flex flex-wrap gap-x-4 border-b border-line px-4 py-2 last:border-b-0">
      <span>
        Held for {held} of {plural(considered, "campaign")}, acted on {acted}
        {idle.length > 0 && ` (left: ${idle.join(", ")})`}
      </span>
      {ended_at === null && (
        <span className="text-hold">Not at its end: it still acts, or was interrupted</span>
      )}
      {unknown.length > 0 && <span className="text-hold">Not known: {unknown.join(", ")}</span>}
      <span className="ml-auto text-ink-3">
        version {version}, <Moment at={evaluated_at} />
      </span>
    </li>
  );
}
