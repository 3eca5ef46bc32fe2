import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { TimeSeries } from "@/design/charts/time-series";
import { LINK } from "@/design/classes";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { shortMoment } from "@/format/time";
import { DECISIONS } from "../gate/decisions";
import type { Rung } from "../policies/document";
import { historyQuery } from "./queries";

const HALF_AN_HOUR = 30 * 60_000;

interface HistoryProps {
  adAccountId: string | null;
  rungs: readonly Rung[];
}

export function History({ adAccountId, rungs }: HistoryProps) {
  const marks = rungs.filter((_, index) => index === 0 || index === rungs.length - 1).map(({ at }) => at);
  const history = useQuery(historyQuery(adAccountId));
  const [picked, setPicked] = useState<number | null>(null);
  return (
    <Loaded query={history} rows={2}>
      {({ points }) => (
        <div className="min-w-0">
          <h3 className="mb-1 text-sm font-medium text-ink-2">Score over time, of 100, your time</h3>
          <TimeSeries
            label="Signal health over time"
            height={96}
            domain={[0, 100]}
            marks={[0, ...new Set(marks)]}
            points={points.map((point) => ({ at: Date.parse(point.evaluated_at), value: point.score }))}
            formatValue={integer}
            formatTime={(at) => shortMoment(new Date(at).toISOString())}
            onPick={setPicked}
          />
          <DecisionsThen
            adAccountId={adAccountId}
            at={picked ?? Date.parse(points.at(-1)?.evaluated_at ?? "")}
          />
        </div>
      )}
    </Loaded>
  );
}

/** To what was decided around the point that was pressed, at first the newest. */
function DecisionsThen({ adAccountId, at }: { adAccountId: string | null; at: number }) {
  if (Number.isNaN(at)) return null;
  const since = new Date(at - HALF_AN_HOUR).toISOString();
  const until = new Date(at + HALF_AN_HOUR).toISOString();
  return (
    <Link
      to="/trust"
      search={{ account: adAccountId ?? undefined, since, until }}
      hash={DECISIONS}
      className={LINK}
    >
      Decisions from {shortMoment(since)} to {shortMoment(until)}
    </Link>
  );
}
