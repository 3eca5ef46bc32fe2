import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { SlackPatch } from "@/api/types";

const ADDRESS = "notifications/channels";

export const channelsQuery = queryOptions({
  queryKey: [ADDRESS],
  queryFn: () => body(api.GET("/api/v1/notifications/channels")),
  refetchInterval: 10_000,
});

/** Asked of Slack itself, so only while somebody chooses. */
export const conversationsQuery = queryOptions({
  queryKey: [ADDRESS, "conversations"],
  queryFn: () => body(api.GET("/api/v1/notifications/channels/slack/conversations")),
  staleTime: 60_000,
});

/** What waits is looked at often: somebody who pressed "Send a test" looks here for what became of it. */
export function deliveriesQuery(show: "dead" | "waiting" | undefined) {
  const status = show === "dead" ? "dead" : show === "waiting" ? "failed" : null;
  return byCursor(
    [ADDRESS, "deliveries", status],
    (cursor) =>
      body(
        api.GET("/api/v1/notifications/channels/deliveries", {
          params: { query: { cursor, limit: 20, status } },
        }),
      ),
    5_000,
  );
}

function useChannelChange<T>(mutationFn: (given: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }) });
}

export const useConnectSlack = () =>
  useChannelChange((token: string) =>
    body(api.PUT("/api/v1/notifications/channels/slack", { body: { token } })),
  );

export const useChangeSlack = () =>
  useChannelChange((change: SlackPatch) =>
    body(api.PATCH("/api/v1/notifications/channels/slack", { body: change })),
  );

export const useDisconnectSlack = () =>
  useChannelChange(() => body(api.DELETE("/api/v1/notifications/channels/slack")));

export const useTest = (channel: "email" | "slack") =>
  useChannelChange(() =>
    body(
      channel === "email"
        ? api.POST("/api/v1/notifications/channels/email/test")
        : api.POST("/api/v1/notifications/channels/slack/test"),
    ),
  );

export const useReplay = (deliveryId: string) =>
  useChannelChange(() =>
    body(
      api.POST("/api/v1/notifications/channels/deliveries/{notification_delivery_id}/replay", {
        params: { path: { notification_delivery_id: deliveryId } },
      }),
    ),
  );
