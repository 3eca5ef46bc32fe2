import { useInfiniteQuery } from "@tanstack/react-query";
import type { EventVerdict } from "@/api/types";
import { Expandable } from "@/design/expandable";
import { Age, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { isNarrowed, useEventSearch } from "./filters";
import { verdictsQuery } from "./queries";
import { VerdictDetail } from "./verdict-detail";

export function Rejected() {
  const search = useEventSearch();
  const verdicts = useInfiniteQuery(verdictsQuery(search));
  return (
    <>
      {search.identifier !== undefined && (
        <p className="border-b border-line px-4 py-2 text-ink-2">
          Refused events are kept sealed, and are not looked up by whom they name: these are of anybody.
        </p>
      )}
      <Listed
        query={verdicts}
        more="Earlier"
        empty={
          isNarrowed(search) ? (
            <Empty title="No refused event is like that." />
          ) : (
            <Empty title="Nothing was refused.">
              An event that breaks a rule stands here with the rule it broke, and can be sent through again.
            </Empty>
          )
        }
      >
        {(items) => (
          <ul>
            {items.map((verdict) => (
              <VerdictLine key={verdict.id} verdict={verdict} />
            ))}
          </ul>
        )}
      </Listed>
    </>
  );
}

const OUTCOMES: Readonly<Record<string, { tone: Tone; word: string }>> = {
  accepted: { tone: "pass", word: "Stored since" },
  duplicate: { tone: "pass", word: "Had arrived" },
  rejected: { tone: "block", word: "Refused again" },
};

function VerdictStatus({ outcome }: { outcome: string | null }) {
  if (outcome === null) return <Status tone="block">Refused</Status>;
  const { tone, word } = OUTCOMES[outcome] ?? { tone: "muted", word: words(outcome) };
  return <Status tone={tone}>{word}</Status>;
}

function VerdictLine({ verdict }: { verdict: EventVerdict }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_124px_minmax(0,180px)_minmax(0,1fr)_48px_72px]"
      summary={
        <>
          <VerdictStatus outcome={verdict.replay_outcome} />
          <span className="truncate font-medium max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            {verdict.event_name ?? <Unknown why="it had no name" />}
          </span>
          <span className="min-w-0 truncate text-ink-2 max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {verdict.reason}
          </span>
          <span className="text-right text-ink-3 max-sm:hidden">
            {verdict.times > 1 && `${integer(verdict.times)}×`}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={verdict.last_at} />
          </span>
        </>
      }
    >
      <VerdictDetail verdict={verdict} />
    </Expandable>
  );
}
