import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { SegmentCondition, SegmentWhy } from "@/api/types";
import { Age, Moment } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { money } from "@/format/money";
import { number } from "@/format/numbers";
import { dateTime, shortMoment } from "@/format/time";
import { plural, words } from "@/format/words";
import { PersonLink, shortId } from "../profiles/person";
import type { Condition, Rule } from "./conditions";
import { whyQuery } from "./queries";
import { Holds, Told } from "./told";
import { conditionsOf, fromRule } from "./tree";

interface WhyProps {
  segmentId: string;
  profileId: string;
}

/** Why somebody is in a segment, or is not: each condition with what it was decided on. */
export function WhyPanel({ segmentId, profileId }: WhyProps) {
  const why = useQuery(whyQuery(segmentId, profileId));
  return (
    <Panel
      title={`Why: person ${shortId(profileId)}`}
      aside={
        <Link
          to="/people/segments/$segmentId"
          params={{ segmentId }}
          search={{}}
          className="inline-flex items-center gap-1 text-ink-2 hover:text-ink"
        >
          <X size={14} aria-hidden />
          Close
        </Link>
      }
    >
      <Loaded query={why} rows={4}>
        {(data) => (
          <>
            <Verdict why={data} profileId={profileId} />
            <ul className="border-t border-line">
              {data.reasons.map((reason) => (
                <Reason key={reason.path} reason={reason} />
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Verdict({ why, profileId }: { why: SegmentWhy; profileId: string }) {
  const isIn = why.member_since !== null;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <PersonLink profileId={profileId} />
      <Status tone={isIn ? "pass" : "muted"}>{isIn ? "In the segment" : "Not in the segment"}</Status>
      {why.member_since !== null && (
        <span className="text-ink-2">
          since <Moment at={why.member_since} />
        </span>
      )}
      {why.matched !== isIn && (
        <span className="text-ink-2">
          {why.matched
            ? "The rule holds for them now: they enter when it is looked at next."
            : "The rule does not hold any more: they leave when it is looked at next."}
        </span>
      )}
      {why.next_evaluation_at !== null && (
        <span className="text-ink-3">
          Time alone may change this <Age domain at={why.next_evaluation_at} />
        </span>
      )}
    </div>
  );
}

function Reason({ reason }: { reason: SegmentCondition }) {
  const listed = reason.condition["kind"] === "listed";
  const condition = listed ? null : conditionOf(reason.condition as unknown as Rule);
  return (
    <li className="flex gap-3 border-b border-line px-4 py-2 last:border-b-0">
      <Holds holds={reason.holds} />
      <div className="min-w-0">
        <p>{condition === null ? "is on the uploaded list" : <Told condition={condition} />}</p>
        <Evidence reason={reason} condition={condition} />
      </div>
    </li>
  );
}

function conditionOf(rule: Rule): Condition | null {
  return conditionsOf(fromRule(rule))[0]?.condition ?? null;
}

function Evidence({ reason, condition }: { reason: SegmentCondition; condition: Condition | null }) {
  if (condition === null) return null;
  if (reason.event_count === null)
    return <p className="text-sm text-ink-3">On their profile: {shown(reason.value, condition)}.</p>;
  return (
    <div className="text-sm text-ink-3">
      <p>
        {reason.event_count === 0 ? "No event counts." : `${plural(reason.event_count, "event")} counted:`}
      </p>
      <ul className="flex flex-wrap gap-x-3">
        {reason.events.map(({ id, at }) => (
          <li key={id}>
            <time dateTime={at} title={dateTime(at)}>
              {shortMoment(at)}
            </time>
          </li>
        ))}
        {reason.event_count > reason.events.length && (
          <li>and {plural(reason.event_count - reason.events.length, "earlier one")}</li>
        )}
      </ul>
    </div>
  );
}

function shown(value: unknown, condition: Condition): string {
  if (value === null || value === undefined) return "nothing is known";
  if (value === "[sealed]") return "a sealed value that names them";
  if (typeof value === "number")
    return condition.kind === "money" ? money(value, condition.currency) : number(value);
  if (typeof value === "string") return shownText(value, condition);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return JSON.stringify(value);
}

function shownText(value: string, condition: Condition): string {
  if (condition.kind === "time") return dateTime(value);
  return condition.kind === "lifecycle" ? words(value).toLowerCase() : `“${value}”`;
}
