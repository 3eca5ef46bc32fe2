import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Rfm } from "@/api/types";
import { Button } from "@/design/button";
import { Age, Money } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { integer, percent } from "@/format/numbers";
import { plural } from "@/format/words";
import { rfmQuery, useRank } from "./queries";
import { CELL_MEANS } from "./words";

/** Where the customers stand: a cell leads to the people in it. */
export function RfmPanel() {
  const rfm = useQuery(rfmQuery);
  const mayWrite = useCan("cdp.traits:write");
  const rank = useRank();
  return (
    <Panel
      title="Customers by recency, frequency and spending"
      aside={
        mayWrite && (
          <Button
            busy={rank.isPending || rfm.data?.running === true}
            onClick={() => {
              rank.mutate();
            }}
          >
            Rank them now
          </Button>
        )
      }
    >
      {rank.isError && <ErrorNote error={rank.error} />}
      <Loaded query={rfm}>{(data) => <Standing rfm={data} />}</Loaded>
    </Panel>
  );
}

function Standing({ rfm }: { rfm: Rfm }) {
  if (rfm.state !== "ready")
    return (
      <Empty title={rfm.state === "not_yet" ? "Nobody was ranked yet." : "Not enough data."}>
        It takes {integer(rfm.needed)} customers to rank them in fifths
        {rfm.state === "not_enough_data" && `: ${integer(rfm.ranked)} can be ranked so far`}.{" "}
        <LeftOut rfm={rfm} />
      </Empty>
    );
  return (
    <>
      <ul aria-label="Cells" className="grid grid-cols-1 gap-px bg-line sm:grid-cols-2 lg:grid-cols-3">
        {rfm.cells.map(({ cell, customers, revenue_micros: micros }) => (
          <li key={cell} className="bg-surface">
            <Link
              to="/people"
              search={{ cell }}
              className="block h-full px-4 py-3 hover:bg-sunken"
              aria-label={`${cell}: ${plural(customers, "customer")}`}
            >
              <span className="flex items-baseline justify-between gap-3">
                <span className="font-medium text-accent">{cell}</span>
                <span className="text-xl font-medium">{integer(customers)}</span>
              </span>
              <span className="mt-0.5 flex items-baseline justify-between gap-3 text-sm text-ink-2">
                <span>{CELL_MEANS[cell]}</span>
                <span className="whitespace-nowrap">
                  {percent(customers / rfm.ranked)} · <Money micros={micros} currency={rfm.currency} />
                </span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <p className="border-t border-line px-4 py-3 text-sm text-ink-2">
        Ranked <Age domain at={rfm.computed_at} />, and once a day. <LeftOut rfm={rfm} />
      </p>
    </>
  );
}

function LeftOut({ rfm }: { rfm: Rfm }) {
  if (rfm.left_out === 0) return null;
  return (
    <>
      {plural(rfm.left_out, "customer is", "customers are")} left out: what they spent is not known in{" "}
      {rfm.currency}
      {rfm.without_rate.length > 0 && ` (there is no rate for ${rfm.without_rate.join(", ")})`}.
    </>
  );
}
