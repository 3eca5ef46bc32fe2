import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

const KEY = "cdp/identity";

/** Where counting them ends. */
export const MOST_COUNTED = 10_000;

/** Events that could not be counted for anybody, the last set aside first, and how many there are. */
export const asideQuery = byCursor(
  [KEY, "quarantine"],
  (cursor) => body(api.GET("/api/v1/cdp/identity/quarantine", { params: { query: { cursor } } })),
  10_000,
);

/** Counts one of them again, or all (null); what fails again comes back. */
export function useCountAgain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (eventId: string | null) =>
      body(
        eventId === null
          ? api.POST("/api/v1/cdp/identity/quarantine/retry")
          : api.POST("/api/v1/cdp/identity/quarantine/{event_id}/retry", {
              params: { path: { event_id: eventId } },
            }),
      ),
    onSettled: () =>
      Promise.all([KEY, "cdp/profiles"].map((address) => client.invalidateQueries({ queryKey: [address] }))),
  });
}
