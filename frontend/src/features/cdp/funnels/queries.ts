import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, body } from "@/api/client";
import type { FunnelDefinition, FunnelPeople } from "@/api/types";

const KEY = "cdp/funnels";

export const funnelsQuery = infiniteQueryOptions({
  queryKey: [KEY, "list"],
  queryFn: ({ pageParam }) =>
    body(api.GET("/api/v1/cdp/funnels", { params: { query: { page: pageParam, sort: "name" } } })),
  initialPageParam: 1,
  getNextPageParam: (page) => (page.has_next ? page.page + 1 : null),
});

export function funnelQuery(funnelId: string) {
  return queryOptions({
    queryKey: [KEY, "one", funnelId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/funnels/{funnel_id}", { params: { path: { funnel_id: funnelId } } })),
  });
}

export const answerKey = (definition: FunnelDefinition) => [KEY, "answer", definition] as const;

export function ask(definition: FunnelDefinition, fresh: boolean) {
  return body(
    api.POST("/api/v1/cdp/funnels/compute", { params: { query: { fresh } }, body: { definition } }),
  );
}

export function peopleQuery(definition: FunnelDefinition, asked: FunnelPeople) {
  return queryOptions({
    queryKey: [KEY, "people", definition, asked],
    queryFn: () => body(api.POST("/api/v1/cdp/funnels/people", { body: { definition, ...asked } })),
    refetchOnWindowFocus: false,
  });
}

export function useMakeList(definition: FunnelDefinition, asked: FunnelPeople) {
  const client = useQueryClient();
  return async (name: string) => {
    const made = await body(
      api.POST("/api/v1/cdp/funnels/people/segment", {
        body: { definition, ...asked, name, description: "" },
      }),
    );
    await client.invalidateQueries({ queryKey: ["cdp/segments"] });
    return made;
  };
}

export function useFunnelChanges(funnelId: string | null) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const stale = async () => {
    await client.invalidateQueries({ queryKey: [KEY, "list"] });
  };
  return {
    save: async (name: string, definition: FunnelDefinition) => {
      const said = { name, definition };
      const saved = await body(
        funnelId === null
          ? api.POST("/api/v1/cdp/funnels", { body: said })
          : api.PATCH("/api/v1/cdp/funnels/{funnel_id}", {
              params: { path: { funnel_id: funnelId } },
              body: said,
            }),
      );
      client.setQueryData(funnelQuery(saved.id).queryKey, saved);
      await stale();
      if (funnelId === null)
        await navigate({ to: "/analytics/funnels/$questionId", params: { questionId: saved.id } });
    },
    remove: async () => {
      if (funnelId === null) return;
      await body(
        api.DELETE("/api/v1/cdp/funnels/{funnel_id}", { params: { path: { funnel_id: funnelId } } }),
      );
      await stale();
      await navigate({ to: "/analytics/funnels" });
    },
  };
}
