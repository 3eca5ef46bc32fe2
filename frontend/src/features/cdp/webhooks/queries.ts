import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { WebhookCreate, WebhookPatch } from "@/api/types";
import { whole } from "@/api/whole";

const LOOKS_EVERY_MS = 5_000;
const ADDRESS = "cdp/webhooks";

export const webhooksQuery = queryOptions({
  queryKey: [ADDRESS],
  queryFn: () => whole((query) => body(api.GET("/api/v1/cdp/webhooks", { params: { query } }))),
  refetchInterval: LOOKS_EVERY_MS,
});

/** Names of segments, for a choice among them. */
export const segmentNamesQuery = queryOptions({
  queryKey: ["cdp/segments", "names"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/cdp/segments", { params: { query } }))),
});

export function triesQuery(webhookId: string, onlyFailed: boolean) {
  return byCursor(
    [ADDRESS, webhookId, onlyFailed],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/webhooks/{webhook_id}/deliveries", {
          params: {
            path: { webhook_id: webhookId },
            query: { cursor, limit: 20, failed: onlyFailed ? true : null },
          },
        }),
      ),
    LOOKS_EVERY_MS,
  );
}

/** Whatever changes a webhook has the room read anew, also where it was refused. */
function useWebhookChange<Given, Answer>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

export const useCreateWebhook = () =>
  useWebhookChange((wish: WebhookCreate) => body(api.POST("/api/v1/cdp/webhooks", { body: wish })));

export const useChangeWebhook = (webhookId: string) =>
  useWebhookChange((wish: WebhookPatch) =>
    body(
      api.PATCH("/api/v1/cdp/webhooks/{webhook_id}", {
        params: { path: { webhook_id: webhookId } },
        body: wish,
      }),
    ),
  );

export const useDeleteWebhook = (webhookId: string) =>
  useWebhookChange(() =>
    body(api.DELETE("/api/v1/cdp/webhooks/{webhook_id}", { params: { path: { webhook_id: webhookId } } })),
  );

export const useTestWebhook = (webhookId: string) =>
  useWebhookChange(() =>
    body(api.POST("/api/v1/cdp/webhooks/{webhook_id}/test", { params: { path: { webhook_id: webhookId } } })),
  );

export const useRotateSecret = (webhookId: string) =>
  useWebhookChange((overlapHours: number) =>
    body(
      api.POST("/api/v1/cdp/webhooks/{webhook_id}/rotate-secret", {
        params: { path: { webhook_id: webhookId } },
        body: { overlap_hours: overlapHours },
      }),
    ),
  );

export const useReplay = (webhookId: string, tryId: string) =>
  useWebhookChange(() =>
    body(
      api.POST("/api/v1/cdp/webhooks/{webhook_id}/deliveries/{webhook_delivery_id}/replay", {
        params: { path: { webhook_id: webhookId, webhook_delivery_id: tryId } },
      }),
    ),
  );
