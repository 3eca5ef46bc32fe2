import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { NotificationWebhookPatch, SlackPatch, WhatsAppConnect } from "@/api/types";

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

export function useSetWebhook() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (url: string) => body(api.PUT("/api/v1/notifications/channels/webhook", { body: { url } })),
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

export const useChangeWebhook = () =>
  useChannelChange((change: NotificationWebhookPatch) =>
    body(api.PATCH("/api/v1/notifications/channels/webhook", { body: change })),
  );

export function useNewWebhookSecret() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/notifications/channels/webhook/secret")),
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

export const useRemoveWebhook = () =>
  useChannelChange(() => body(api.DELETE("/api/v1/notifications/channels/webhook")));

const WHATSAPP = "notifications/whatsapp";

export const whatsappQuery = queryOptions({
  queryKey: [WHATSAPP],
  queryFn: () => body(api.GET("/api/v1/notifications/whatsapp")),
  refetchInterval: 10_000,
});

function useWhatsAppChange<T, R>(mutationFn: (given: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: [WHATSAPP] }) });
}

export const useConnectWhatsApp = () =>
  useWhatsAppChange((given: WhatsAppConnect) =>
    body(api.PUT("/api/v1/notifications/whatsapp", { body: given })),
  );

export const useSwitchWhatsApp = () =>
  useWhatsAppChange((enabled: boolean) =>
    body(api.PATCH("/api/v1/notifications/whatsapp", { body: { enabled } })),
  );

export const useDisconnectWhatsApp = () =>
  useWhatsAppChange(() => body(api.DELETE("/api/v1/notifications/whatsapp")));

export const useNewVerifyToken = () =>
  useWhatsAppChange(() => body(api.POST("/api/v1/notifications/whatsapp/verify-token")));

export const useHandIn = () =>
  useWhatsAppChange(() => body(api.POST("/api/v1/notifications/whatsapp/templates")));

export const useLookAtTemplates = () =>
  useWhatsAppChange(() => body(api.POST("/api/v1/notifications/whatsapp/templates/refresh")));

const TESTS = {
  email: () => body(api.POST("/api/v1/notifications/channels/email/test")),
  slack: () => body(api.POST("/api/v1/notifications/channels/slack/test")),
  webhook: () => body(api.POST("/api/v1/notifications/channels/webhook/test")),
  whatsapp: () => body(api.POST("/api/v1/notifications/channels/whatsapp/test")),
} as const;

export const useTest = (channel: keyof typeof TESTS) => useChannelChange(() => TESTS[channel]());

export const useReplay = (deliveryId: string) =>
  useChannelChange(() =>
    body(
      api.POST("/api/v1/notifications/channels/deliveries/{notification_delivery_id}/replay", {
        params: { path: { notification_delivery_id: deliveryId } },
      }),
    ),
  );
