import { useQuery } from "@tanstack/react-query";
import type { Webhook } from "@/api/types";
import { Expandable } from "@/design/expandable";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { Status } from "@/design/status";
import { segmentNamesQuery } from "./queries";
import { Tries } from "./tries";
import { WebhookActions } from "./webhook-actions";
import { behind, purposeOf, stateOf, TOPICS, whyOff } from "./words";

export function WebhookLine({ webhook }: { webhook: Webhook }) {
  const [tone, word] = stateOf(webhook);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_116px_minmax(0,1fr)_minmax(0,180px)_88px]"
      summary={
        <>
          <Status tone={tone}>{word}</Status>
          <span className="min-w-0 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            <span className="font-medium">{webhook.name}</span>
            <span className="block truncate font-mono text-sm text-ink-3">{webhook.url}</span>
          </span>
          <span className="truncate text-ink-2 max-sm:hidden">
            {behind(webhook)}
            {webhook.waiting_since !== null && (
              <>
                {", since "}
                <Age domain at={webhook.waiting_since} />
              </>
            )}
          </span>
          <span className="text-right text-ink-3">
            <Age at={webhook.last_told_at} why="it was not told anything yet" />
          </span>
        </>
      }
    >
      <div className="space-y-4">
        <Troubles webhook={webhook} />
        <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
          <WebhookFacts webhook={webhook} />
          <WebhookActions webhook={webhook} />
        </div>
        <Tries webhookId={webhook.id} />
      </div>
    </Expandable>
  );
}

/** What somebody has to know, or to do something about. */
function Troubles({ webhook }: { webhook: Webhook }) {
  const off = whyOff(webhook);
  return (
    <>
      {off !== null && (
        <p className="border-l-2 border-hold pl-3">
          {off}
          {webhook.off_at !== null && (
            <span className="text-ink-3">
              {" "}
              <Age at={webhook.off_at} />
            </span>
          )}
        </p>
      )}
      {webhook.state === "failing" && webhook.last_error !== null && (
        <p className="border-l-2 border-hold pl-3">
          {webhook.last_error} Failing since <Age at={webhook.failing_since} />; tried again{" "}
          <Age at={webhook.next_attempt_at} why="now" />. After three days it is switched off.
        </p>
      )}
      {webhook.lost_at !== null && (
        <p className="border-l-2 border-block pl-3">
          Changes were deleted before this webhook was told of them: have the receiver load everybody anew,
          then skip ahead.
        </p>
      )}
    </>
  );
}

function WebhookFacts({ webhook }: { webhook: Webhook }) {
  return (
    <Facts className="content-start">
      <Fact term="Told when">
        <ul>
          {TOPICS.filter(([topic]) => webhook.topics.includes(topic)).map(([topic, sentence]) => (
            <li key={topic}>{sentence}</li>
          ))}
        </ul>
      </Fact>
      <SegmentNames webhook={webhook} />
      <Fact term="Used for">{purposeOf(webhook)}</Fact>
      <Fact term="Personal data">{webhook.include_personal ? "Sent in full" : "Masked"}</Fact>
      <Fact term="Behind">{behind(webhook)}</Fact>
      <Fact term="Last told">
        {webhook.last_told_at === null ? (
          <Unknown why="it was not told anything yet" />
        ) : (
          <Moment at={webhook.last_told_at} />
        )}
      </Fact>
      {webhook.secret_overlaps_until !== null && (
        <Fact term="Old secret valid until">
          <Moment at={webhook.secret_overlaps_until} />
        </Fact>
      )}
      <Fact term="Made">
        <Moment at={webhook.created_at} />
      </Fact>
    </Facts>
  );
}

function SegmentNames({ webhook }: { webhook: Webhook }) {
  const segments = useQuery({ ...segmentNamesQuery, enabled: webhook.segment_ids.length > 0 });
  if (!webhook.topics.some((topic) => topic.startsWith("segment."))) return null;
  const names = webhook.segment_ids.map(
    (id) => segments.data?.items.find((each) => each.id === id)?.name ?? "an archived one",
  );
  return <Fact term="Segments">{names.length === 0 ? "All" : names.join(", ")}</Fact>;
}
