import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const triageQuery = queryOptions({
  queryKey: ["dashboard", "triage"],
  queryFn: () => body(api.GET("/api/v1/dashboard/triage")),
  refetchInterval: 60_000,
});

export const summaryQuery = queryOptions({
  queryKey: ["dashboard", "summary"],
  queryFn: () => body(api.GET("/api/v1/dashboard/summary")),
  refetchInterval: 60_000,
});
