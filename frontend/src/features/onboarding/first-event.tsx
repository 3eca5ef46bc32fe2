import { useQuery } from "@tanstack/react-query";
import { useLiveMessages } from "@/api/live-context";
import { Age } from "@/design/figures";
import { Status } from "@/design/status";
import { eventStatsQuery } from "../cdp/events/queries";

/** Waits for the first event, and says so the moment that it is stored. */
export function FirstEvent() {
  const stats = useQuery({ ...eventStatsQuery, refetchInterval: 2_000 });
  useLiveMessages(({ type }) => {
    if (type === "cdp_event") void stats.refetch();
  });
  const arrived = stats.data?.newest_accepted_at ?? null;
  return (
    <span role="status">
      {arrived === null ? (
        <Status tone="hold">Waiting for the first event</Status>
      ) : (
        <Status tone="pass">
          <span>
            Receiving; the newest event came <Age domain at={arrived} />
          </span>
        </Status>
      )}
    </span>
  );
}
