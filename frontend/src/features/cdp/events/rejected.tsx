import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { EventVerdict } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { SelectField } from "@/design/field";
import { Age, Moment, Unknown } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { sourcesQuery } from "../sources/queries";
import { verdictsQuery } from "./queries";
import { Replay } from "./replay";

export function Rejected({ source }: { source: string | undefined }) {
  const verdicts = useInfiniteQuery(verdictsQuery(source));
  return (
    <>
      <SourceFilter source={source} />
      <Listed
        query={verdicts}
        more="Earlier"
        empty={
          <Empty title="Nothing was refused.">
            An event that breaks a rule stands here with the rule it broke, and can be sent through again.
          </Empty>
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

function SourceFilter({ source }: { source: string | undefined }) {
  const sources = useQuery(sourcesQuery);
  const navigate = useNavigate({ from: "/events" });
  if ((sources.data?.length ?? 0) < 2 && source === undefined) return null;
  return (
    <div className="border-b border-line px-4 py-2">
      <div className="w-52">
        <SelectField
          label="Source"
          hideLabel
          value={source ?? ""}
          onChange={(event) => {
            void navigate({ search: { show: "rejected", source: event.target.value || undefined } });
          }}
        >
          <option value="">Every source</option>
          {sources.data?.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
    </div>
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
      <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <div>
          <p className="max-w-prose">{verdict.reason}</p>
          <p className="mb-3 font-mono text-sm text-ink-3">{verdict.code}</p>
          <VerdictFacts verdict={verdict} />
          <Replay verdict={verdict} />
        </div>
        <section aria-label="As it came">
          <h4 className="mb-1 font-medium">As it came</h4>
          <Payload payload={verdict.payload} />
        </section>
      </div>
    </Expandable>
  );
}

function VerdictFacts({ verdict }: { verdict: EventVerdict }) {
  const sources = useQuery(sourcesQuery);
  const source = sources.data?.find(({ id }) => id === verdict.source_id);
  return (
    <Facts>
      <Fact term="Message id">
        {verdict.message_id === null ? (
          <Unknown why="it had none" />
        ) : (
          <code className="font-mono text-sm break-all">{verdict.message_id}</code>
        )}
      </Fact>
      <Fact term="Source">{source?.name ?? <Unknown why="it came with no source’s key" />}</Fact>
      <Fact term="Times">{integer(verdict.times)}</Fact>
      <Fact term="First">
        <Moment at={verdict.first_at} />
      </Fact>
      <Fact term="Last">
        <Moment at={verdict.last_at} />
      </Fact>
      {verdict.replayed_at !== null && (
        <Fact term="Sent through again">
          <Moment at={verdict.replayed_at} />
        </Fact>
      )}
    </Facts>
  );
}

function Payload({ payload }: { payload: unknown }) {
  if (payload === null || payload === undefined)
    return <p className="text-ink-2">It was too large to keep.</p>;
  if (typeof payload === "object" && !Array.isArray(payload))
    return <Evidence value={payload as Record<string, unknown>} empty="It was empty." />;
  return <code className="font-mono text-sm break-all">{JSON.stringify(payload)}</code>;
}
