import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Money, Unknown } from "@/design/figures";
import { Loaded } from "@/design/states";
import { ModeChip } from "@/design/verdict";
import { integer } from "@/format/numbers";
import { summaryQuery } from "./queries";

interface Figure {
  value?: unknown;
  known: boolean;
  reason: string | null;
}

function Cell({ term, figure, show }: { term: string; figure: Figure; show: (value: unknown) => ReactNode }) {
  return (
    <div className="min-w-0 border-line px-4 py-3 not-first:border-l max-lg:last:odd:col-span-2 max-lg:nth-[2n+1]:border-l-0 max-lg:nth-[n+3]:border-t">
      <dt className="text-sm text-ink-3">{term}</dt>
      <dd className="mt-0.5 text-xl font-medium">
        {figure.known ? show(figure.value) : <Unknown why={figure.reason ?? "not reported"} />}
      </dd>
      {!figure.known && figure.reason !== null && <dd className="text-sm text-ink-3">{figure.reason}</dd>}
    </div>
  );
}

const count = (value: unknown) => (typeof value === "number" ? integer(value) : String(value));

export function Summary() {
  const summary = useQuery(summaryQuery);
  return (
    <section aria-label="Today" className="border-y border-line bg-surface sm:rounded-lg sm:border-x">
      <Loaded query={summary} rows={2}>
        {(data) => (
          <dl className="grid grid-cols-2 lg:grid-cols-5">
            <Cell term="Signal health" figure={data.health} show={count} />
            <Cell term="Autopilot" figure={data.mode} show={(mode) => <ModeChip mode={String(mode)} />} />
            <Cell
              term="Spend today"
              figure={data.spend_today}
              show={(micros) => <Money micros={Number(micros)} currency={data.currency} />}
            />
            <Cell
              term="Conversion value today"
              figure={data.conversion_value_today}
              show={(micros) => <Money micros={Number(micros)} currency={data.currency} />}
            />
            <Cell term="Events, last hour" figure={data.events_last_hour} show={count} />
          </dl>
        )}
      </Loaded>
    </section>
  );
}
