import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";
import type { Strategy } from "@/api/types";
import type { Budgets } from "./budgets-form";
import { changesIn, fieldsFor } from "./settings";

export const strategiesQuery = queryOptions({
  queryKey: ["autopilot/strategies"],
  queryFn: () => body(api.GET("/api/v1/autopilot/strategies")),
});

export function useChangeStrategy(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: components["schemas"]["StrategyPatch"]) =>
      body(api.PATCH("/api/v1/autopilot/strategies/{name}", { params: { path: { name } }, body: change })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["autopilot/strategies"] }),
  });
}

export function useSettle({ name, config }: Strategy) {
  const client = useQueryClient();
  return useMutation({
    // Async, so that a figure that cannot be read fails the mutation like a refusal does.
    mutationFn: async (form: FormData) =>
      body(
        api.PATCH("/api/v1/autopilot/strategies/{name}", {
          params: { path: { name } },
          body: { config: changesIn(form, fieldsFor(name), { ...config }) },
        }),
      ),
    onSuccess: (saved) => {
      client.setQueryData(strategiesQuery.queryKey, (all) =>
        all?.map((each) => (each.name === saved.name ? saved : each)),
      );
    },
  });
}

export function useRunStrategy(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/autopilot/strategies/{name}/run", { params: { path: { name } } })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["autopilot/strategies"] }),
        client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
        client.invalidateQueries({ queryKey: ["autopilot/recommendations"] }),
        client.invalidateQueries({ queryKey: ["dashboard"] }),
      ]),
  });
}

export function useSettleBudgets(name: string) {
  const client = useQueryClient();
  return useMutation({
    // Read within, so that an amount that cannot be read fails the mutation like a refusal does.
    mutationFn: async (read: () => Budgets) =>
      body(
        api.PATCH("/api/v1/autopilot/strategies/{name}", {
          params: { path: { name } },
          body: { config: { budgets: read() } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["autopilot/strategies"] }),
  });
}
