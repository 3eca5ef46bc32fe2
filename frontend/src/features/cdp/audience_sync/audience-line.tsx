import { Link } from "@tanstack/react-router";
import type { Audience } from "@/api/types";
import { Expandable } from "@/design/expandable";
import { Age, Unknown } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { Status } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { AudienceActions, WaitingRemoval } from "./audience-actions";
import { useOffer } from "./queries";
import { Runs } from "./runs";
import {
  IDENTIFIERS,
  intervalOf,
  matchRate,
  nameThere,
  remoteState,
  sizeOf,
  stateOf,
  withheldOf,
} from "./words";

export function AudienceLine({ audience }: { audience: Audience }) {
  const [tone, word] = stateOf(audience);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_124px_minmax(0,1fr)_minmax(0,150px)_88px]"
      summary={
        <>
          <Status tone={tone}>{word}</Status>
          <span className="min-w-0 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            <span className="font-medium">{audience.name}</span>
            <span className="block truncate text-sm text-ink-3">
              {audience.segment_name ?? "a segment"} to {audience.account_name ?? "an ad account"} (
              {nameThere(audience.platform)})
            </span>
          </span>
          <span className="truncate text-ink-2 max-sm:hidden">
            {plural(audience.people, "person", "people")}
          </span>
          <span className="text-right text-ink-3">
            <Age domain at={audience.last_run_at} why="it has not been sent yet" />
          </span>
        </>
      }
    >
      <div className="space-y-4">
        <WaitingRemoval audience={audience} />
        {audience.error !== null && (
          <p className="border-l-2 border-block pl-3">
            {audience.error} <span className="font-mono text-sm text-ink-3">{audience.error_code}</span> Tried
            again <Age at={audience.next_attempt_at} why="now" />.
          </p>
        )}
        <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
          <AudienceFacts audience={audience} />
          <AudienceActions audience={audience} />
        </div>
        <Runs audienceId={audience.id} />
      </div>
    </Expandable>
  );
}

function AudienceFacts({ audience }: { audience: Audience }) {
  const under = [
    ...(audience.adding > 0 ? [`${integer(audience.adding)} about to be added`] : []),
    ...(audience.removing > 0 ? [`${integer(audience.removing)} about to be taken out`] : []),
  ];
  const withheld = audience.last_run === null ? [] : withheldOf(audience.last_run);
  return (
    <Facts className="content-start">
      <Fact term="Segment">
        <Link
          to="/people/segments/$segmentId"
          params={{ segmentId: audience.segment_id }}
          className="underline decoration-line-strong underline-offset-2"
        >
          {audience.segment_name ?? "Segment"}
        </Link>
      </Fact>
      <Fact term="Sent">
        {plural(audience.people, "person", "people")}
        {under.length > 0 && <span className="text-ink-3"> ({under.join(", ")})</span>}
      </Fact>
      {withheld.length > 0 && <Fact term="Not sent">{withheld.join(", ")}</Fact>}
      <Fact term="The platform knows">
        <MatchRate audience={audience} />
      </Fact>
      <Fact term="Can be reached">
        {sizeOf(audience) ?? <Unknown why="the platform has not told its size" />}
      </Fact>
      <Fact term="At the platform">{remoteState(audience) ?? <Unknown why="it was not asked yet" />}</Fact>
      <Fact term="Found by">{audience.identifiers.map((each) => IDENTIFIERS[each]).join(", ")}</Fact>
      <Fact term="Held out">
        {audience.holdout_percent === 0 ? "Nobody" : `${audience.holdout_percent} %`}
      </Fact>
      <Fact term="Kept in step">{intervalOf(audience.interval_minutes)}</Fact>
      {audience.external_id !== null && (
        <Fact term="Its id there">
          <span className="font-mono break-all">{audience.external_id}</span>
        </Fact>
      )}
    </Facts>
  );
}

function MatchRate({ audience }: { audience: Audience }) {
  const offer = useOffer(audience.platform);
  const never = offer?.tells_matches === false;
  const why = never
    ? "this platform never tells how many it knows"
    : "the platform has not said yet how many it knows";
  return matchRate(audience) ?? <Unknown why={why} />;
}
