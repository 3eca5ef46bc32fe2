import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { noteDomainTime } from "@/api/domain-clock";

export const triageQuery = queryOptions({
  queryKey: ["dashboard", "triage"],
  queryFn: () => body(api.GET("/api/v1/dashboard/triage")),
  refetchInterval: 60_000,
});

export const summaryQuery = queryOptions({
  queryKey: ["dashboard", "summary"],
  queryFn: async () => {
    const summary = await body(api.GET("/api/v1/dashboard/summary"));
    noteDomainTime(summary.as_of);
    return summary;
  },
  refetchInterval: 60_000,
});
