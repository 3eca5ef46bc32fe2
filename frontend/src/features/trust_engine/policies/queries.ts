import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { Policy } from "@/api/types";

export const policiesQuery = queryOptions({
  queryKey: ["trust_engine/policies", "versions"],
  queryFn: () => body(api.GET("/api/v1/trust/policies")),
});

export const currentPolicyQuery = queryOptions({
  queryKey: ["trust_engine/policies", "current"],
  queryFn: () => body(api.GET("/api/v1/trust/policies/current")),
  staleTime: 60_000,
});

export function useAdopt() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ note, document }: { note: string; document: Policy["document"] }) =>
      body(
        api.POST("/api/v1/trust/policies", {
          // What a policy may set is the API's to refuse: the form offers what the version in force has.
          body: { note, document: document },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["trust_engine/policies"] }),
        client.invalidateQueries({ queryKey: ["trust_engine/health"] }),
      ]),
  });
}
