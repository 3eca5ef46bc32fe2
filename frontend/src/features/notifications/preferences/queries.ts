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
