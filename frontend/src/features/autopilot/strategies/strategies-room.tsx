import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Strategy, StrategyRun } from "@/api/types";
import { Button } from "@/design/button";
import { Age, Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { ActionStatus, Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { ratio } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { AutopilotFrame } from "../autopilot-frame";
import { strategiesQuery, useChangeStrategy, useRunStrategy } from "./queries";
import { MonthBudgets } from "./month-budgets";
import { StrategyForm } from "./strategy-form";

const TOLD: Readonly<Record<string, string>> = {
  performance_scaling:
    "More budget where the return is surely above target, less where it is surely below. Immature days and learning phases never speak.",
  reallocation:
    "The same total over the campaigns of an account, to where the last unit of spend brings more, as far as each campaign’s own past can tell. Cuts go first; raises take no more than the cuts gave.",
  budget_pacing:
    "An account’s month follows the curve that its weekdays usually have, and ends where its budget does. Near enough it does nothing.",
  status_management:
    "Pauses what surely wastes, and enables again only what it paused itself, when those days turned out to be others.",
  ad_fatigue:
    "Tells of a click rate that surely falls while impressions do not. How often a person saw an ad is not known here; nothing is changed.",
};

export function StrategiesRoom() {
  const strategies = useQuery(strategiesQuery);
  return (
    <AutopilotFrame>
      <Loaded query={strategies} rows={8}>
        {(found) => found.map((strategy) => <StrategyPanel key={strategy.name} strategy={strategy} />)}
      </Loaded>
    </AutopilotFrame>
  );
}

function StrategyPanel({ strategy }: { strategy: Strategy }) {
  const mayChange = useCan("autopilot.strategies:write");
  const run = useRunStrategy(strategy.name);
  return (
    <>
      <Panel
        title={words(strategy.name)}
        aside={
          <span className="flex flex-wrap items-center gap-3">
            {strategy.only_advises ? (
              <Status tone="muted">Only advises</Status>
            ) : (
              <Status tone={strategy.enabled ? "pass" : "muted"}>{strategy.enabled ? "On" : "Off"}</Status>
            )}
            {mayChange && (
              <>
                {!strategy.only_advises && <OnOff strategy={strategy} />}
                <Button
                  busy={run.isPending}
                  onClick={() => {
                    run.mutate();
                  }}
                >
                  Run now
                </Button>
              </>
            )}
          </span>
        }
      >
        <div className="space-y-4 p-4">
          <p className="max-w-prose text-ink-2">
            {TOLD[strategy.name]}{" "}
            {strategy.only_advises
              ? "What it finds stands among the recommendations."
              : "What it proposes goes through the gate like anything else, as far as the autopilot’s level allows; what it does not do by itself stands among the recommendations."}
          </p>
          <p className="text-ink-2">
            {strategy.last_run_at === null ? (
              "It has not run yet."
            ) : (
              <>
                Last run <Age domain at={strategy.last_run_at} />
                <LastResult result={strategy.last_result} />
              </>
            )}
          </p>
          <StrategyForm strategy={strategy} mayChange={mayChange} />
          {"budgets" in strategy.config && (
            <MonthBudgets strategy={strategy} budgets={strategy.config.budgets} mayChange={mayChange} />
          )}
        </div>
      </Panel>
      {run.isError && <ErrorNote error={run.error} />}
      {run.isSuccess && <Considered found={run.data.considered} />}
    </>
  );
}

function LastResult({ result }: { result: Strategy["last_result"] }) {
  const considered = result?.["considered"];
  const proposed = result?.["proposed"];
  if (typeof considered !== "number" || typeof proposed !== "number") return null;
  return (
    <>
      : {plural(considered, "campaign")} looked at, {plural(proposed, "change")} proposed
    </>
  );
}

function OnOff({ strategy }: { strategy: Strategy }) {
  const change = useChangeStrategy(strategy.name);
  return (
    <>
      <Button
        busy={change.isPending}
        onClick={() => {
          change.mutate({ enabled: !strategy.enabled });
        }}
      >
        {strategy.enabled ? "Turn it off" : "Turn it on"}
      </Button>
      {change.isError && <ErrorNote error={change.error} />}
    </>
  );
}

function Considered({ found }: { found: StrategyRun["considered"] }) {
  return (
    <Panel title="What the run found">
      {found.length === 0 ? (
        <p className="px-4 py-3 text-ink-2">
          No campaign can be steered: it must be live, with a daily budget of its own, in an account that
          Stratum may change.
        </p>
      ) : (
        <Table label="What the run found">
          <thead>
            <tr>
              <Th>Campaign</Th>
              <Th>Found</Th>
              <Th figure>ROAS, surely between</Th>
              <Th>Came of it</Th>
            </tr>
          </thead>
          <tbody>
            {found.map((each) => (
              <Tr key={each.campaign_id}>
                <Td className="min-w-40 font-medium">{each.campaign}</Td>
                <Td className="min-w-64 text-ink-2">{each.sentence}</Td>
                <Td figure className="whitespace-nowrap">
                  <Between low={each.roas_low} high={each.roas_high} />
                </Td>
                <Td>
                  <CameOfIt considered={each} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

function Between({ low, high }: { low: number | null; high: number | null }) {
  if (high === null) return <Unknown why="there is not enough data, or it does not go by the return" />;
  return low === null ? `at most ${ratio(high)}` : `${ratio(low)} – ${ratio(high)}`;
}

function CameOfIt({ considered }: { considered: StrategyRun["considered"][number] }) {
  if (considered.action_id !== null)
    return (
      <Link
        to="/autopilot/actions/$actionId"
        params={{ actionId: considered.action_id }}
        className="underline decoration-line-strong underline-offset-2"
      >
        <ActionStatus state={considered.state ?? "proposed"} />
      </Link>
    );
  if (considered.recommended)
    return (
      <Link to="/autopilot/recommendations" className="underline decoration-line-strong underline-offset-2">
        Recommended
      </Link>
    );
  return <span className="text-ink-3">Nothing</span>;
}
