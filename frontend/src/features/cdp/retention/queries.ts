import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, body } from "@/api/client";
import type { RetentionDefinition } from "@/api/types";

const KEY = "cdp/retention";

export const reportsQuery = infiniteQueryOptions({
  queryKey: [KEY, "list"],
  queryFn: ({ pageParam }) =>
    body(api.GET("/api/v1/cdp/retention", { params: { query: { page: pageParam, sort: "name" } } })),
  initialPageParam: 1,
  getNextPageParam: (page) => (page.has_next ? page.page + 1 : null),
});

export function reportQuery(reportId: string) {
  return queryOptions({
    queryKey: [KEY, "one", reportId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/retention/{report_id}", { params: { path: { report_id: reportId } } })),
  });
}

export const answerKey = (definition: RetentionDefinition) => [KEY, "answer", definition] as const;

export function ask(definition: RetentionDefinition, fresh: boolean) {
  return body(
    api.POST("/api/v1/cdp/retention/compute", { params: { query: { fresh } }, body: { definition } }),
  );
}

export function useReportChanges(reportId: string | null) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const stale = async () => {
    await client.invalidateQueries({ queryKey: [KEY, "list"] });
  };
  return {
    save: async (name: string, definition: RetentionDefinition) => {
      const said = { name, definition };
      const saved = await body(
        reportId === null
          ? api.POST("/api/v1/cdp/retention", { body: said })
          : api.PATCH("/api/v1/cdp/retention/{report_id}", {
              params: { path: { report_id: reportId } },
              body: said,
            }),
      );
      client.setQueryData(reportQuery(saved.id).queryKey, saved);
      await stale();
      if (reportId === null)
        await navigate({ to: "/analytics/retention/$questionId", params: { questionId: saved.id } });
    },
    remove: async () => {
      if (reportId === null) return;
      await body(
        api.DELETE("/api/v1/cdp/retention/{report_id}", { params: { path: { report_id: reportId } } }),
      );
      await stale();
      await navigate({ to: "/analytics/retention" });
    },
  };
}
