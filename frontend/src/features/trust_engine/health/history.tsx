import { useQuery } from "@tanstack/react-query";
import { TimeSeries } from "@/design/charts/time-series";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { shortMoment } from "@/format/time";
import { historyQuery } from "./queries";

export function History({ adAccountId }: { adAccountId: string | null }) {
  const history = useQuery(historyQuery(adAccountId));
  return (
    <Loaded query={history} rows={2}>
      {({ points }) => (
        <TimeSeries
          label="Signal health over time"
          height={96}
          domain={[0, 100]}
          marks={[0, 40, 80]}
          points={points.map((point) => ({ at: Date.parse(point.evaluated_at), value: point.score }))}
          formatValue={integer}
          formatTime={(at) => shortMoment(new Date(at).toISOString())}
        />
      )}
    </Loaded>
  );
}
