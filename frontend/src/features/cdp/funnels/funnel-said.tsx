import { useQuery } from "@tanstack/react-query";
import type { FunnelDefinition } from "@/api/types";
import { duration } from "@/format/durations";
import { daysSaid } from "../analytics/days-said";
import { said } from "../analytics/event-draft";
import { breakdownSaid } from "../analytics/groups";
import { segmentsQuery } from "../analytics/suggestions";
import { MODES } from "./funnel-draft";

/** What a funnel asks, in sentences. */
export function FunnelSaid({ definition }: { definition: FunnelDefinition }) {
  const { steps, window_seconds, modes, days, segment_id, breakdown } = definition;
  const segments = useQuery({ ...segmentsQuery, enabled: segment_id != null });
  const segment = segments.data?.items.find(({ id }) => id === segment_id)?.name ?? "a segment";
  const rules = MODES.filter(([mode]) => modes.includes(mode)).map(([, words]) => words.toLowerCase());
  return (
    <>
      <ol className="list-decimal pl-5">
        {steps.map((step, place) => (
          <li key={place}>{step.label == null ? said(step) : `${step.label} (${said(step)})`}</li>
        ))}
      </ol>
      <p className="text-ink-2">
        In this order, all within {duration(window_seconds)}
        {rules.length > 0 && `; ${rules.join("; ")}`}.{" "}
        {segment_id == null ? "People" : `People of ${segment}`} who enter {daysSaid(days)}
        {breakdown != null && `, compared by ${breakdownSaid(breakdown)}`}.
      </p>
    </>
  );
}
