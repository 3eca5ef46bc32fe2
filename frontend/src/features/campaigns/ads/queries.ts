import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { AdReview } from "@/api/types";

const LIMIT = 20;

/** A page of a campaign's ads, by name; of one verdict alone where one is given. */
export function adsQuery(campaignId: string, review: AdReview | undefined, page: number) {
  return queryOptions({
    queryKey: ["campaigns", "ads", campaignId, review ?? "every", page],
    queryFn: () =>
      body(
        api.GET("/api/v1/campaigns/ads", {
          params: {
            query: {
              campaign_id: campaignId,
              page,
              limit: LIMIT,
              ...(review === undefined ? {} : { review }),
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

/** One ad, with every verdict that was seen. */
export function adQuery(adId: string) {
  return queryOptions({
    queryKey: ["campaigns", "ad", adId],
    queryFn: () => body(api.GET("/api/v1/campaigns/ads/{ad_id}", { params: { path: { ad_id: adId } } })),
  });
}
