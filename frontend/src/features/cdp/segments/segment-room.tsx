import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Pencil, Send } from "lucide-react";
import type { ReactNode } from "react";
import { useCan } from "@/api/permissions";
import type { Segment } from "@/api/types";
import { TimeSeries } from "@/design/charts/time-series";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Age, Moment, Unknown } from "@/design/figures";
import { Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { day } from "@/format/time";
import type { Rule } from "./conditions";
import { ReplaceButton } from "./list-upload";
import { Members, Moves } from "./members";
import { segmentQuery, settling, sizesQuery } from "./queries";
import { ArchiveButton, LiveButton, RecomputeButton, RenameButton } from "./segment-actions";
import { kindOf, SegmentState } from "./segment-state";
import { RuleInWords } from "./told";
import { WhyPanel } from "./why";

export function SegmentRoom() {
  const { segmentId } = useParams({ from: "/signed-in/people/segments/$segmentId" });
  const segment = useQuery(segmentQuery(segmentId));
  return (
    <Loaded query={segment} rows={12}>
      {(data) => <SegmentPage segment={data} />}
    </Loaded>
  );
}

function SegmentPage({ segment }: { segment: Segment }) {
  const { person } = useSearch({ from: "/signed-in/people/segments/$segmentId" });
  return (
    <Page
      title={segment.name}
      lead={segment.description || undefined}
      actions={<Actions segment={segment} />}
    >
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/people/segments" className={LINK}>
          All segments
        </Link>
      </nav>
      <Figures segment={segment} />
      {person !== undefined && <WhyPanel key={person} segmentId={segment.id} profileId={person} />}
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
        <Panel title={segment.rule === null ? "List" : "Rule"}>
          {segment.rule === null ? (
            <p className="p-4 text-ink-2">
              Everybody who has one of the identifiers of the uploaded file, also whom you come to know later.
              Of the identifiers only keyed hashes are kept.
            </p>
          ) : (
            <RuleInWords rule={segment.rule as unknown as Rule} />
          )}
        </Panel>
        <SizePanel segmentId={segment.id} />
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
        <Members segmentId={segment.id} />
        <Moves segmentId={segment.id} />
      </div>
    </Page>
  );
}

function Actions({ segment }: { segment: Segment }) {
  const mayWrite = useCan("cdp.segments:write");
  const maySend = useCan("cdp.audience_sync:write");
  if (segment.archived_at !== null) return null;
  const send = maySend && (
    <Button asChild>
      <Link to="/people/audiences" search={{ segment: segment.id, make: "new" }}>
        <Send size={14} aria-hidden />
        Send to a platform
      </Link>
    </Button>
  );
  if (!mayWrite) return send;
  return (
    <>
      {send}
      <RenameButton segment={segment} />
      <LiveButton segment={segment} />
      {segment.live && <RecomputeButton segment={segment} />}
      <ArchiveButton segment={segment} />
      {segment.rule === null ? (
        <ReplaceButton segment={segment} />
      ) : (
        <Button asChild tone="primary">
          <Link to="/people/segments/$segmentId/edit" params={{ segmentId: segment.id }}>
            <Pencil size={14} aria-hidden />
            Edit the rule
          </Link>
        </Button>
      )}
    </>
  );
}

function Figures({ segment }: { segment: Segment }) {
  return (
    <section aria-label="Figures" className="border-y border-line bg-surface sm:rounded-lg sm:border-x">
      <dl className="grid grid-cols-2 lg:grid-cols-5">
        <Figure term="Members">
          <span className="text-figure font-semibold tracking-tight" aria-live="polite">
            {segment.computed_version === null ? (
              <Unknown why="it has not been counted yet" />
            ) : (
              integer(segment.member_count)
            )}
          </span>
        </Figure>
        <Figure term="State">
          <SegmentState segment={segment} />
        </Figure>
        <Figure term="Kind">{kindOf(segment)}</Figure>
        {segment.evaluation.mode === "daily" ? (
          <>
            <Figure term="As of">
              {segment.as_of === null ? <Unknown why="not counted yet" /> : <Moment at={segment.as_of} />}
            </Figure>
            <Figure term="Next">
              <Age domain at={segment.next_run_at} why="it is switched off" />
            </Figure>
          </>
        ) : (
          <>
            <Figure term="Counted whole">
              <Age domain at={segment.computed_at} why={settling(segment) ? "it is on its way" : "not yet"} />
            </Figure>
            <Figure term="Last change">
              <Age domain at={segment.updated_at} />
            </Figure>
          </>
        )}
      </dl>
    </section>
  );
}

function Figure({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="min-w-0 px-4 py-3">
      <dt className="text-sm text-ink-3">{term}</dt>
      <dd className="flex min-h-8 items-center text-lg">{children}</dd>
    </div>
  );
}

function SizePanel({ segmentId }: { segmentId: string }) {
  const sizes = useQuery(sizesQuery(segmentId));
  return (
    <Panel
      title="Size"
      aside={
        <span className="text-sm text-ink-3">
          {sizes.data?.whole === false ? "as far back as the log was read" : "the last 30 days at most"}
        </span>
      }
    >
      <Loaded query={sizes} rows={4}>
        {({ days }) => {
          const today = days.at(-1);
          return (
            <div className="p-4">
              {days.length < 2 ? (
                <p className="text-ink-2">It was made today: its size is drawn from tomorrow on.</p>
              ) : (
                <TimeSeries
                  label="Members at the end of each day"
                  height={140}
                  points={days.map((each) => ({ at: Date.parse(each.day), value: each.members }))}
                  formatValue={integer}
                  formatTime={(at) => day(new Date(at).toISOString().slice(0, 10))}
                />
              )}
              {today !== undefined && (
                <p className="mt-2 text-ink-2">
                  Today {integer(today.entered)} entered and {integer(today.left)} left.
                </p>
              )}
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
