import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { paths } from "@/api/schema";

type CampaignList = NonNullable<paths["/api/v1/campaigns"]["get"]["parameters"]["query"]>;

interface CampaignSearch {
  q?: string | undefined;
  status?: string | undefined;
  label?: string | undefined;
  sort?: string | undefined;
  page?: number | undefined;
  limit?: number | undefined;
}

function asked({ q, status, label, sort, page, limit }: CampaignSearch): CampaignList {
  return {
    ...(q === undefined || q === "" ? {} : { q }),
    ...(status === undefined ? {} : { status }),
    ...(label === undefined ? {} : { label_id: label }),
    // What somebody typed into the address is the API's to refuse.
    ...(sort === undefined ? {} : { sort: sort as NonNullable<CampaignList["sort"]> }),
    ...(page === undefined ? {} : { page }),
    ...(limit === undefined ? {} : { limit }),
  };
}

export function campaignsQuery(search: CampaignSearch) {
  return queryOptions({
    queryKey: ["campaigns", "list", search],
    queryFn: () => body(api.GET("/api/v1/campaigns", { params: { query: asked(search) } })),
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

/** A person's change of a campaign: the gate answers at once, the platform follows. */
export function useChangeCampaign(campaignId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { daily_budget_micros?: number; status?: "active" | "paused"; reason: string }) =>
      body(api.POST("/api/v1/autopilot/actions", { body: { campaign_id: campaignId, ...change } })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
        client.invalidateQueries({ queryKey: ["campaigns"] }),
      ]),
  });
}
