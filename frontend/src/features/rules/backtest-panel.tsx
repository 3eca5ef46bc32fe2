import { TimeSeries } from "@/design/charts/time-series";
import { Button } from "@/design/button";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { day } from "@/format/time";
import { plural } from "@/format/words";
import { type Definition, openPart, type Schedule } from "./definition";
import { useBacktest } from "./queries";
import { Figures } from "./verdicts";

interface BacktestPanelProps {
  definition: Definition;
  schedule: Schedule;
  cooldownHours: number;
}

const DAYS = 30;

/** What the rule would have proposed on each of the last days, as known then; and what that does not tell. */
export function BacktestPanel({ definition, schedule, cooldownHours }: BacktestPanelProps) {
  const backtest = useBacktest();
  return (
    <Panel
      title="Backtest"
      aside={
        <Button
          busy={backtest.isPending}
          disabled={openPart(definition) !== null}
          onClick={() => {
            backtest.mutate({ definition, schedule, cooldown_hours: cooldownHours, days: DAYS });
          }}
        >
          Look {DAYS} days back
        </Button>
      }
    >
      {backtest.isError && <ErrorNote error={backtest.error} />}
      {backtest.isIdle && (
        <p className="p-4 text-ink-2">
          What it would have proposed on past days, from what was known on each of them.
        </p>
      )}
      {backtest.isSuccess && <Found found={backtest.data} />}
    </Panel>
  );
}

type Answer = NonNullable<ReturnType<typeof useBacktest>["data"]>;

function Found({ found }: { found: Answer }) {
  const fired = found.days.reduce((sum, each) => sum + each.fired, 0);
  const blind = found.days.filter((each) => each.at !== null && isBlind(each)).length;
  const latest = [...found.days].reverse().find((each) => each.examples.length > 0);
  return (
    <div className="space-y-3 p-4">
      <p>
        It would have acted {plural(fired, "time")} on {plural(found.days.length, "day")}
        {blind > 0 && `; on ${plural(blind, "day")} nothing could be known`}.
      </p>
      <TimeSeries
        label="Campaigns on which it would have acted, by day"
        height={140}
        points={found.days.map((each) => ({
          at: Date.parse(each.day),
          value: each.at === null || isBlind(each) ? null : each.fired,
        }))}
        formatValue={integer}
        formatTime={(at) => day(new Date(at).toISOString().slice(0, 10))}
      />
      {latest !== undefined && (
        <section aria-label="Latest examples">
          <h3 className="font-medium">Last on {day(latest.day)}</h3>
          <ul className="space-y-1">
            {latest.examples.slice(0, 3).map((each) => (
              <li key={each.campaign_id}>
                {each.campaign}
                <Figures figures={each.figures} currency={each.currency} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {found.not_looked_at.length > 0 && (
        <p className="text-hold">
          {plural(found.not_looked_at.length, "day")} could not be looked at in time.
        </p>
      )}
      <ul className="list-disc space-y-0.5 pl-5 text-sm text-ink-3">
        {found.unknowable.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </div>
  );
}

/** A day on which the rule could be decided for no campaign. */
function isBlind({ considered, unknown_by_reason }: Answer["days"][number]): boolean {
  const unknown = Object.values(unknown_by_reason).reduce((sum, count) => sum + count, 0);
  return considered > 0 && unknown === considered;
}
