import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { NotificationPreferencesPatch } from "@/api/types";

export const preferencesQuery = queryOptions({
  queryKey: ["notifications/preferences"],
  queryFn: () => body(api.GET("/api/v1/notifications/preferences")),
});

export function useChangePreferences() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: NotificationPreferencesPatch) =>
      body(api.PATCH("/api/v1/notifications/preferences", { body: change })),
    onSuccess: (after) => {
      client.setQueryData(preferencesQuery.queryKey, after);
    },
  });
}

const OWN_WHATSAPP = "notifications/whatsapp/own";

/** The code is sent from a phone: what becomes of it shows here by itself. */
export const ownWhatsAppQuery = queryOptions({
  queryKey: [OWN_WHATSAPP],
  queryFn: () => body(api.GET("/api/v1/notifications/whatsapp/own")),
  refetchInterval: 5_000,
});

function useOwnChange<T, R>(mutationFn: (given: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: [OWN_WHATSAPP] }) });
}

export const useGiveNumber = () =>
  useOwnChange((number: string) => body(api.PUT("/api/v1/notifications/whatsapp/own", { body: { number } })));

export const useFallBack = () =>
  useOwnChange((falls_back: boolean) =>
    body(api.PATCH("/api/v1/notifications/whatsapp/own", { body: { falls_back } })),
  );

export const useStopWhatsApp = () =>
  useOwnChange(() => body(api.DELETE("/api/v1/notifications/whatsapp/own")));
