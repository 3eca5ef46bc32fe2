import { useQuery } from "@tanstack/react-query";
import type { CampaignDay } from "@/api/types";
import { TimeSeries } from "@/design/charts/time-series";
import { Money, Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { moneyCompact } from "@/format/money";
import { integer, number, percent, ratio } from "@/format/numbers";
import { day } from "@/format/time";
import { campaignMetricsQuery } from "../queries";

/** From here on attribution is complete enough to judge by. */
const MATURE = 0.95;

interface Chart {
  title: string;
  value: (metrics: CampaignDay) => number | null;
  format: (value: number) => string;
}

function charts(currency: string): readonly Chart[] {
  return [
    {
      title: "Spend",
      value: (metrics) => metrics.spend_micros,
      format: (value) => moneyCompact(Math.round(value), currency),
    },
    { title: "ROAS", value: (metrics) => metrics.roas, format: ratio },
    { title: "Conversions", value: (metrics) => metrics.conversions, format: number },
    {
      title: "Conversion value",
      value: (metrics) => metrics.conversion_value_micros,
      format: (value) => moneyCompact(Math.round(value), currency),
    },
  ];
}

export function Metrics({ campaignId }: { campaignId: string }) {
  const metrics = useQuery(campaignMetricsQuery(campaignId));
  return (
    <Loaded query={metrics} rows={8}>
      {({ days, currency, timezone }) =>
        days.length === 0 ? (
          <Panel title="By day">
            <Empty title="No metrics have been read yet.">They come with the next sync of the account.</Empty>
          </Panel>
        ) : (
          <>
            <Charts days={days} currency={currency} timezone={timezone} />
            <Days days={days} currency={currency} />
          </>
        )
      }
    </Loaded>
  );
}

function Charts({
  days,
  currency,
  timezone,
}: {
  days: readonly CampaignDay[];
  currency: string;
  timezone: string;
}) {
  return (
    <Panel
      title="By day"
      aside={
        <span className="text-sm text-ink-3">
          The account’s days ({timezone}). Hatched: conversions are still being reported.
        </span>
      }
    >
      <div className="grid gap-x-8 gap-y-4 p-4 md:grid-cols-2">
        {charts(currency).map(({ title, value, format }) => (
          <div key={title} className="min-w-0">
            <h3 className="mb-1 font-medium text-ink-2">{title}</h3>
            <TimeSeries
              label={`${title} by day`}
              points={days.map((metrics) => ({
                at: Date.parse(metrics.day),
                value: value(metrics),
                immature: metrics.maturity < MATURE,
              }))}
              formatValue={format}
              formatTime={(at) => day(new Date(at).toISOString().slice(0, 10))}
            />
          </div>
        ))}
      </div>
    </Panel>
  );
}

function Days({ days, currency }: { days: readonly CampaignDay[]; currency: string }) {
  return (
    <Panel title="The figures">
      <Table label="Figures by day">
        <thead>
          <tr>
            <Th>Day</Th>
            <Th figure>Spend</Th>
            <Th figure>Impressions</Th>
            <Th figure>Clicks</Th>
            <Th figure>Conversions</Th>
            <Th figure>Value</Th>
            <Th figure>ROAS</Th>
            <Th figure>Complete</Th>
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((metrics) => (
            <Tr key={metrics.day} className={metrics.maturity < MATURE ? "text-ink-2 italic" : ""}>
              <Td className="whitespace-nowrap">{day(metrics.day)}</Td>
              <Td figure>
                <Money micros={metrics.spend_micros} currency={currency} />
              </Td>
              <Td figure>{integer(metrics.impressions)}</Td>
              <Td figure>{integer(metrics.clicks)}</Td>
              <Td figure>{number(metrics.conversions)}</Td>
              <Td figure>
                <Money micros={metrics.conversion_value_micros} currency={currency} />
              </Td>
              <Td figure>
                {metrics.roas === null ? <Unknown why="nothing was spent" /> : ratio(metrics.roas)}
              </Td>
              <Td figure>{percent(metrics.maturity)}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}
