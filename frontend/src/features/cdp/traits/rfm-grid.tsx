import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Rfm } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Age, Money } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { integer, percent } from "@/format/numbers";
import { plural } from "@/format/words";
import { isRanking, rfmQuery, useRank } from "./queries";
import { CELL_MEANS } from "./words";

/** Where the customers stand: a cell leads to the people in it, and to a segment of them. */
export function RfmPanel() {
  const rank = useRank();
  const rfm = useQuery(rfmQuery(rank.data));
  const mayWrite = useCan("cdp.traits:write");
  return (
    <Panel
      title="Customers by recency, frequency and spending"
      aside={
        mayWrite && (
          <Button
            busy={rank.isPending || (rfm.data !== undefined && isRanking(rfm.data, rank.data))}
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
  const maySegment = useCan("cdp.segments:write");
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
          <li key={cell} className="flex flex-col bg-surface">
            <Link to="/people" search={{ cell }} className="block grow px-4 py-3 hover:bg-sunken">
              <span className="flex items-baseline justify-between gap-3">
                <span className="font-medium text-accent">{cell}</span>{" "}
                <span className="text-xl font-medium text-ink">
                  {integer(customers)}
                  <span className="sr-only"> {customers === 1 ? "customer" : "customers"}</span>
                </span>
              </span>
              <span className="mt-0.5 flex items-baseline justify-between gap-3 text-sm text-ink-2">
                <span>{CELL_MEANS[cell]}</span>
                <span className="whitespace-nowrap">
                  {percent(customers / rfm.ranked)} · <Money micros={micros} currency={rfm.currency} />
                </span>
              </span>
            </Link>
            {maySegment && (
              <p className="px-4 pb-3 text-sm">
                <Link to="/people/segments/new" search={{ cell }} className={LINK}>
                  Make a segment<span className="sr-only"> of {cell}</span>
                </Link>
              </p>
            )}
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
