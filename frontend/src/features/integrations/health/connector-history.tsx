import { useQuery } from "@tanstack/react-query";
import type { ConnectorDay } from "@/api/types";
import { cx } from "@/design/classes";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { day as dayName } from "@/format/time";
import { connectorHistoryQuery } from "./queries";

/** From which share of answered calls a day counts as up, and as troubled. */
const UP = 0.99;
const TROUBLED = 0.9;

/** The platform's last 30 days, UTC: a mark for each, whose height and form tell its uptime. */
export function ConnectorHistory({ accountId }: { accountId: string }) {
  const history = useQuery(connectorHistoryQuery(accountId));
  return (
    <div className="mt-4">
      <Loaded query={history} rows={2}>
        {({ days, uptime }) => (
          <>
            <h3 className="mb-1 font-medium">
              Uptime in {days.length} days: {uptime === null ? "not known, no call was made" : share(uptime)}
            </h3>
            <ol className="flex h-10 items-end gap-px" aria-label="Uptime by day">
              {days.map((each) => (
                <Day key={each.day} day={each} />
              ))}
            </ol>
            <p className="mt-1 flex justify-between text-sm text-ink-3">
              <span>{dayName(days[0]?.day ?? "")}</span>
              <span>today, UTC</span>
            </p>
            <p className="mt-1 max-w-prose text-sm text-ink-3">
              Uptime is the share of calls that the platform answered, whatever it said; calls that a rate
              limit held back are not counted. A day without calls is not known.
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Day({ day }: { day: ConnectorDay }) {
  const says = `${dayName(day.day)}: ${told(day)}`;
  return (
    <li className="flex h-full min-w-0 flex-1 items-end" title={says}>
      <span className="sr-only">{says}</span>
      <span aria-hidden className={cx("w-full", look(day.uptime))} />
    </li>
  );
}

function told({ uptime, calls, failures }: ConnectorDay): string {
  if (uptime === null) return "no call was made";
  return `${share(uptime)} up, ${integer(failures)} of ${integer(calls)} calls failed`;
}

function look(uptime: number | null): string {
  if (uptime === null) return "h-1 border border-ink-3";
  if (uptime >= UP) return "h-full bg-pass";
  return uptime >= TROUBLED ? "h-3/5 bg-hold" : "h-2/5 bg-block";
}
