import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { AudienceCreate, AudienceOffer, AudiencePatch } from "@/api/types";
import { whole } from "@/api/whole";

const LOOKS_EVERY_MS = 4_000;
const ADDRESS = "cdp/audience_sync";

export const audiencesQuery = (segmentId?: string) =>
  queryOptions({
    queryKey: [ADDRESS, "list", segmentId ?? null],
    queryFn: () =>
      whole((query) =>
        body(
          api.GET("/api/v1/cdp/audience-sync", {
            params: { query: { ...query, segment_id: segmentId ?? null } },
          }),
        ),
      ),
    refetchInterval: LOOKS_EVERY_MS,
  });

export const audienceOptionsQuery = queryOptions({
  queryKey: [ADDRESS, "options"],
  queryFn: () => body(api.GET("/api/v1/cdp/audience-sync/options")),
  staleTime: Infinity,
});

/** What a platform takes; undefined until it is known. */
export function useOffer(platform: string): AudienceOffer | undefined {
  const options = useQuery(audienceOptionsQuery);
  return options.data?.platforms.find((each) => each.platform === platform);
}

/** Segments to choose from, by name. */
export const segmentsToSendQuery = queryOptions({
  queryKey: ["cdp/segments", "names"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/cdp/segments", { params: { query } }))),
});

export function runsQuery(audienceId: string) {
  return byCursor(
    [ADDRESS, "runs", audienceId],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/audience-sync/{audience_id}/runs", {
          params: { path: { audience_id: audienceId }, query: { cursor, limit: 10 } },
        }),
      ),
    LOOKS_EVERY_MS,
  );
}

/** Whatever changes an audience has the room read anew, also where it was refused. */
function useAudienceChange<Given, Answer>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

const at = (audienceId: string) => ({ params: { path: { audience_id: audienceId } } });

export const useCreateAudience = () =>
  useAudienceChange((wish: AudienceCreate) => body(api.POST("/api/v1/cdp/audience-sync", { body: wish })));

export const useChangeAudience = (audienceId: string) =>
  useAudienceChange((wish: AudiencePatch) =>
    body(api.PATCH("/api/v1/cdp/audience-sync/{audience_id}", { ...at(audienceId), body: wish })),
  );

export const useSyncAudience = (audienceId: string) =>
  useAudienceChange(() => body(api.POST("/api/v1/cdp/audience-sync/{audience_id}/sync", at(audienceId))));

export const useReplaceAudience = (audienceId: string) =>
  useAudienceChange(() => body(api.POST("/api/v1/cdp/audience-sync/{audience_id}/replace", at(audienceId))));

export const useApproveRemoval = (audienceId: string) =>
  useAudienceChange((leaving: number) =>
    body(
      api.POST("/api/v1/cdp/audience-sync/{audience_id}/approve", { ...at(audienceId), body: { leaving } }),
    ),
  );

export const useEndAudience = (audienceId: string) =>
  useAudienceChange(() => body(api.DELETE("/api/v1/cdp/audience-sync/{audience_id}", at(audienceId))));
