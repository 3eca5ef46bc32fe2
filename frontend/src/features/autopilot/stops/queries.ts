import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { Stop, StopCreate } from "@/api/types";
import { isMoving } from "./progress";

const ADDRESS = "autopilot/stops";
const LOOK_MS = 3_000;
const at = (stopId: string) => ({ params: { path: { stop_id: stopId } } });

export const stopsQuery = byCursor(
  [ADDRESS, "list"],
  (cursor) => body(api.GET("/api/v1/autopilot/stops", { params: { query: { cursor } } })),
  10 * LOOK_MS,
);

/** Actions tell of themselves; the last turn of all, which may lead to none, does not. */
export function stopQuery(stopId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "one", stopId],
    queryFn: () => body(api.GET("/api/v1/autopilot/stops/{stop_id}", at(stopId))),
    refetchInterval: ({ state }) => (state.data !== undefined && isMoving(state.data) ? LOOK_MS : false),
  });
}

export function stopCampaignsQuery(stop: Stop, page: number) {
  return queryOptions({
    queryKey: [ADDRESS, "campaigns", stop.id, page],
    queryFn: () =>
      body(
        api.GET("/api/v1/autopilot/stops/{stop_id}/campaigns", {
          params: { path: { stop_id: stop.id }, query: { page, limit: 50 } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: isMoving(stop) ? LOOK_MS : false,
  });
}

/** What a stop of the account, or of the company, would pause now. */
export function reachQuery(accountId: string | null) {
  return queryOptions({
    queryKey: [ADDRESS, "reach", accountId],
    queryFn: () =>
      body(api.GET("/api/v1/autopilot/stops/reach", { params: { query: { ad_account_id: accountId } } })),
    staleTime: 0,
  });
}

function useChanged() {
  const client = useQueryClient();
  return (stop: Stop) => {
    client.setQueryData(stopQuery(stop.id).queryKey, stop);
    for (const address of [ADDRESS, "autopilot/kill_switch", "autopilot/actions"])
      void client.invalidateQueries({ queryKey: [address] });
  };
}

export function useStop() {
  const onSuccess = useChanged();
  return useMutation({
    mutationFn: (wanted: StopCreate) => body(api.POST("/api/v1/autopilot/stops", { body: wanted })),
    onSuccess,
  });
}

export function useGiveBack(stopId: string) {
  const onSuccess = useChanged();
  return useMutation({
    mutationFn: (reason: string) =>
      body(api.POST("/api/v1/autopilot/stops/{stop_id}/give-back", { ...at(stopId), body: { reason } })),
    onSuccess,
  });
}
