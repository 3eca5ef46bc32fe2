import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export interface CampaignSearch {
  q?: string | undefined;
  status?: string | undefined;
  platform?: string | undefined;
  sort?: string | undefined;
  page?: number | undefined;
  limit?: number | undefined;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(search: T): Given<T> {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ""),
  ) as Given<T>;
}

export function campaignsQuery(search: CampaignSearch) {
  return queryOptions({
    queryKey: ["campaigns", "list", search],
    queryFn: () => body(api.GET("/api/v1/campaigns", { params: { query: given(search) } })),
    placeholderData: keepPreviousData,
  });
}

export function campaignQuery(campaignId: string) {
  return queryOptions({
    queryKey: ["campaigns", "one", campaignId],
    queryFn: () =>
      body(api.GET("/api/v1/campaigns/{campaign_id}", { params: { path: { campaign_id: campaignId } } })),
  });
}

export function campaignMetricsQuery(campaignId: string) {
  return queryOptions({
    queryKey: ["campaigns", "metrics", campaignId],
    queryFn: () =>
      body(
        api.GET("/api/v1/campaigns/{campaign_id}/metrics", { params: { path: { campaign_id: campaignId } } }),
      ),
  });
}

export function usePauseCampaign(campaignId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/campaigns/{campaign_id}/pause", {
          params: { path: { campaign_id: campaignId } },
          body: { reason },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns"] }),
  });
}

export function useProposeBudget(campaignId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (proposal: { daily_budget_micros: number; reason: string }) =>
      body(
        api.POST("/api/v1/campaigns/{campaign_id}/budget", {
          params: { path: { campaign_id: campaignId } },
          body: proposal,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
  });
}
