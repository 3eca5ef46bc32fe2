import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { ActionState } from "@/api/types";

/** What waits for a person: a yes, or better evidence. */
export const WAITING: readonly ActionState[] = ["awaiting_approval", "held"];

/** The actions in any of the states, or all of them, the newest first. */
export function actionsQuery(states: readonly ActionState[]) {
  return infiniteQueryOptions({
    queryKey: ["autopilot/actions", "list", states],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/v1/autopilot/actions", {
          params: {
            query: {
              status: [...states],
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
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
    mutationFn: () =>
      body(
        api.POST("/api/v1/autopilot/actions/{action_id}/approve", {
          params: { path: { action_id: actionId } },
          body: {},
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
