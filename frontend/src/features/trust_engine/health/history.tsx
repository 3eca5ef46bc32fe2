import { useQuery } from "@tanstack/react-query";
import { TimeSeries } from "@/design/charts/time-series";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { shortMoment } from "@/format/time";
import type { Rung } from "../policies/document";
import { historyQuery } from "./queries";

interface HistoryProps {
  adAccountId: string | null;
  rungs: readonly Rung[];
}

export function History({ adAccountId, rungs }: HistoryProps) {
  const marks = rungs.filter((_, index) => index === 0 || index === rungs.length - 1).map(({ at }) => at);
  const history = useQuery(historyQuery(adAccountId));
  return (
    <Loaded query={history} rows={2}>
      {({ points }) => (
        <TimeSeries
          label="Signal health over time"
          height={96}
          domain={[0, 100]}
          marks={[0, ...new Set(marks)]}
          points={points.map((point) => ({ at: Date.parse(point.evaluated_at), value: point.score }))}
          formatValue={integer}
          formatTime={(at) => shortMoment(new Date(at).toISOString())}
        />
      )}
    </Loaded>
  );
}
