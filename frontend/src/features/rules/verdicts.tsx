import type { components } from "@/api/schema";
import { Unknown } from "@/design/figures";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { VerdictChip } from "@/design/verdict";
import { money } from "@/format/money";
import { words } from "@/format/words";
import { METRICS, type Metric } from "./definition";
import { figureInWords } from "./sentences";

type Line = components["schemas"]["CampaignVerdict"];
type FigureRead = components["schemas"]["FigureRead"];

/** Each campaign with what the rule says of it, what it read, and what would be done. */
export function Verdicts({ lines }: { lines: readonly Line[] }) {
  return (
    <Table label="Campaigns">
      <thead>
        <tr>
          <Th>Campaign</Th>
          <Th>The rule</Th>
          <Th>It read</Th>
          <Th>It would</Th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <Tr key={line.campaign_id}>
            <Td className="min-w-32 font-medium">{line.campaign}</Td>
            <Td>
              <Holds holds={line.holds} />
            </Td>
            <Td className="min-w-48">
              <Figures figures={line.figures} currency={line.currency} />
            </Td>
            <Td className="min-w-40 text-ink-2">
              <Would line={line} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function Holds({ holds }: { holds: boolean | null }) {
  if (holds === null) return <Status tone="hold">Not known</Status>;
  return holds ? <Status tone="accent">Holds</Status> : <Status tone="muted">Does not hold</Status>;
}

export function Figures({ figures, currency }: { figures: readonly FigureRead[]; currency: string }) {
  return (
    <ul className="text-sm">
      {figures.map(({ metric, window, value, unknown }) => (
        <li key={`${metric} ${window ?? ""}`}>
          <span className="text-ink-3">
            {METRICS[metric as Metric]}
            {window === null ? "" : `, ${window}`}:{" "}
          </span>
          {value === null ? (
            <Unknown why={words(unknown ?? "unknown").toLowerCase()} />
          ) : (
            figureInWords(metric, value, currency)
          )}
        </li>
      ))}
    </ul>
  );
}

function Would({ line }: { line: Line }) {
  const { after, before, currency, sentence, verdict } = line;
  if (after === null) return sentence ?? (line.holds === true ? "Label or tell, as the rule says" : "");
  const told = Object.entries(after).map(([name, value]) => {
    const was = before?.[name];
    return typeof value === "number" && typeof was === "number"
      ? `${money(was, currency)} → ${money(value, currency)}`
      : `${String(was)} → ${String(value)}`;
  });
  return (
    <span className="flex flex-wrap items-center gap-2">
      {told.join(", ")}
      {verdict !== null && <VerdictChip verdict={verdict.toUpperCase()} />}
    </span>
  );
}
