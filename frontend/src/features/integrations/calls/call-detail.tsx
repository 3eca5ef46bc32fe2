import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { PlatformCall, PlatformCallDetail } from "@/api/types";
import { Button } from "@/design/button";
import { cx, LINK } from "@/design/classes";
import { Evidence } from "@/design/evidence";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { toneOf } from "./outcomes";
import { callQuery, useReplayCall } from "./queries";

/** What was asked, what came of it, and how it is made again. */
export function CallDetail({ callId, account }: { callId: string; account: string | null }) {
  const query = useQuery(callQuery(callId));
  return (
    <Loaded query={query} rows={5}>
      {(call) => (
        <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
          <div>
            <p className="max-w-prose">{call.error_message ?? "The platform gave no message."}</p>
            <p className="mt-1 max-w-prose text-ink-2">{call.meaning}</p>
            {call.outcome !== "ok" && <MadeAgain call={call} />}
          </div>
          <div>
            <CallFacts call={call} account={account} />
            {call.asked !== null && (
              <>
                <h3 className="mt-3 mb-1 font-medium">What it asked</h3>
                <Evidence value={call.asked} empty="Nothing beside its address." />
              </>
            )}
          </div>
        </div>
      )}
    </Loaded>
  );
}

function MadeAgain({ call }: { call: PlatformCallDetail }) {
  const mayReplay = useCan("integrations.calls:write");
  const replay = useReplayCall(call.id);
  const { way, why } = call.again;
  return (
    <div className="mt-3">
      {way !== "none" && mayReplay && (
        <Button
          busy={replay.isPending}
          onClick={() => {
            replay.mutate();
          }}
        >
          Make it again
        </Button>
      )}
      <p className="mt-1 max-w-prose text-sm text-ink-3">{why}</p>
      {replay.isSuccess && (
        <p role="status" className="mt-1">
          {replay.data.way === "conversions"
            ? `${plural(replay.data.queued, "conversion")} queued again.`
            : "Queued: what comes of it stands here in a moment."}
        </p>
      )}
      {replay.isError && <ErrorNote error={replay.error} />}
      <WhereTo call={call} />
      {call.replays.length > 0 && (
        <>
          <h3 className="mt-3 mb-1 font-medium">Made again</h3>
          <ul>
            {call.replays.map((each) => (
              <li key={each.id} className="flex flex-wrap gap-x-3">
                <Status tone={toneOf(each)}>{words(each.outcome)}</Status>
                <span className="text-ink-3">
                  <Age at={each.started_at} />
                </span>
                {each.error_message !== null && <span className="text-ink-2">{each.error_message}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function WhereTo({ call }: { call: PlatformCallDetail }) {
  const style = cx("mt-2 inline-block", LINK);
  switch (call.again.place) {
    case "action":
      return call.action_id === null ? null : (
        <Link to="/autopilot/actions/$actionId" params={{ actionId: call.action_id }} className={style}>
          To its action
        </Link>
      );
    case "campaigns":
      return (
        <Link to="/campaigns" className={style}>
          To the campaigns
        </Link>
      );
    case "connections":
      return (
        <Link to="/connect" className={style}>
          To the connections
        </Link>
      );
    case "conversions":
      return (
        <Link
          to="/operations/conversions"
          search={{ account: call.ad_account_id ?? undefined }}
          className={style}
        >
          To the conversions
        </Link>
      );
    default:
      return call.outcome === "auth" || call.outcome === "permission" ? (
        <Link to="/connect" className={style}>
          To the connections
        </Link>
      ) : null;
  }
}

function CallFacts({ call, account }: { call: PlatformCall; account: string | null }) {
  return (
    <Facts className="content-start">
      <Fact term="Request">
        <code className="font-mono text-sm break-all">
          {call.method} {call.path}
        </code>
      </Fact>
      <Fact term="Answer">
        {call.status === null ? <Unknown why="no answer came" /> : `HTTP ${call.status}`}
        {call.error_code !== null && (
          <>
            {" "}
            <code className="font-mono text-sm text-ink-3">{call.error_code}</code>
          </>
        )}
      </Fact>
      <Fact term="Took">{integer(call.duration_ms)} ms</Fact>
      <Fact term="Attempt">{integer(call.attempt)}</Fact>
      <Fact term="At">
        <Moment at={call.started_at} />
      </Fact>
      <Fact term="Platform">
        {words(call.platform)}
        {account !== null && `, ${account}`}
      </Fact>
      {call.replay_of !== null && <Fact term="Made again">because somebody asked for it</Fact>}
      {call.trace !== null && (
        <Fact term="Platform’s id">
          <code className="font-mono text-sm break-all">{call.trace}</code>
        </Fact>
      )}
      {call.permit_id !== null && (
        <Fact term="Permit">
          <code className="font-mono text-sm break-all">{call.permit_id}</code>
        </Fact>
      )}
    </Facts>
  );
}
