import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

const ADDRESS = "notifications";

/** The stream says when there is news; a look now and then finds what a gap in it has swallowed. */
export const unreadQuery = queryOptions({
  queryKey: [ADDRESS, "unread"],
  queryFn: () => body(api.GET("/api/v1/notifications/unread")),
  refetchInterval: 60_000,
});

export function inboxQuery(unread: boolean, limit = 20) {
  return byCursor([ADDRESS, "inbox", unread, limit], (cursor) =>
    body(
      api.GET("/api/v1/notifications", {
        params: { query: { cursor, limit, unread: unread ? true : null } },
      }),
    ),
  );
}

export function useRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (notificationId: string) =>
      body(
        api.POST("/api/v1/notifications/{notification_id}/read", {
          params: { path: { notification_id: notificationId } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

/** All that had come when the list was last read: what came since is not marked unseen. */
export function useReadAll() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (until: string | null) =>
      body(api.POST("/api/v1/notifications/read-all", { body: { until } })),
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}
