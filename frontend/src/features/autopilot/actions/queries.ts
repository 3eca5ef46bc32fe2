import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { ActionState } from "@/api/types";

/** What waits for a person: a yes to what is sound, or to what is only suggested, or better evidence. */
export const WAITING: readonly ActionState[] = ["awaiting_approval", "held", "proposed"];

export function isWaiting({ state }: { state: string }): boolean {
  return WAITING.some((each) => each === state);
}

/** The actions in any of the states, or all of them, the newest first. */
export function actionsQuery(states: readonly ActionState[]) {
  return byCursor(["autopilot/actions", "list", states], (cursor) =>
    body(api.GET("/api/v1/autopilot/actions", { params: { query: { cursor, status: [...states] } } })),
  );
}

export function actionQuery(actionId: string) {
  return queryOptions({
    queryKey: ["autopilot/actions", "one", actionId],
    queryFn: () =>
      body(api.GET("/api/v1/autopilot/actions/{action_id}", { params: { path: { action_id: actionId } } })),
  });
}

function useSettled() {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
      client.invalidateQueries({ queryKey: ["dashboard"] }),
    ]);
}

export function useApprove(actionId: string) {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: (reason: string | null) =>
      body(
        api.POST("/api/v1/autopilot/actions/{action_id}/approve", {
          params: { path: { action_id: actionId } },
          body: { reason },
        }),
      ),
    onSettled,
  });
}

export function useDismiss(actionId: string) {
  const onSettled = useSettled();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/autopilot/actions/{action_id}/dismiss", {
          params: { path: { action_id: actionId } },
          body: { reason },
        }),
      ),
    onSettled,
  });
}
