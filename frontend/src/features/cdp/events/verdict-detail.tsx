import { useQuery } from "@tanstack/react-query";
import type { EventVerdict } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Moment, Unknown } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { integer } from "@/format/numbers";
import { sourcesQuery } from "../sources/queries";
import { Replay } from "./replay";

/** Why an event was refused, the event as it came, and a way to send it through again. */
export function VerdictDetail({ verdict }: { verdict: EventVerdict }) {
  return (
    <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
      <div>
        <p className="max-w-prose">{verdict.reason}</p>
        <p className="mb-3 font-mono text-sm text-ink-3">{verdict.code}</p>
        <VerdictFacts verdict={verdict} />
        <Replay verdict={verdict} />
      </div>
      <section aria-label="As it came">
        <h3 className="mb-1 font-medium">As it came</h3>
        <Payload payload={verdict.payload} />
      </section>
    </div>
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
