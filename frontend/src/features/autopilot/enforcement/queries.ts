import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { changesFrom } from "./form-values";

export const enforcementQuery = queryOptions({
  queryKey: ["autopilot/enforcement"],
  queryFn: () => body(api.GET("/api/v1/autopilot/enforcement")),
});

export function useEnforce(currency: string) {
  const client = useQueryClient();
  return useMutation({
    // Async, so that an amount that cannot be read fails the mutation like a refusal does.
    mutationFn: async (form: FormData) =>
      body(api.PUT("/api/v1/autopilot/enforcement", { body: changesFrom(form, currency) })),
    onSuccess: (saved) => {
      client.setQueryData(enforcementQuery.queryKey, saved);
    },
  });
}
