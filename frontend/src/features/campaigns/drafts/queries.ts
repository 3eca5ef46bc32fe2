import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { CampaignPlan, DraftCreate, DraftDetail } from "@/api/types";

const ADDRESS = "campaigns/drafts";
const LOOKS_EVERY_MS = 1_500;

const at = (draftId: string) => ({ params: { path: { draft_id: draftId } } });

export const draftsQuery = byCursor([ADDRESS, "list"], (cursor) =>
  body(api.GET("/api/v1/campaigns/drafts", { params: { query: { cursor, limit: 25 } } })),
);

/** Its publication is under way, or the sync that will have read the campaign. */
const isOwed = (draft: DraftDetail | undefined) =>
  draft?.status === "publishing" || (draft?.status === "published" && draft.campaign_id === null);

/** Looks again by itself while something is owed. */
export function draftQuery(draftId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "one", draftId],
    queryFn: (): Promise<DraftDetail> => body(api.GET("/api/v1/campaigns/drafts/{draft_id}", at(draftId))),
    refetchInterval: ({ state }) => (isOwed(state.data) ? LOOKS_EVERY_MS : false),
  });
}

export function validationQuery(draftId: string, version: number) {
  return queryOptions({
    queryKey: [ADDRESS, "validation", draftId, version],
    queryFn: () => body(api.GET("/api/v1/campaigns/drafts/{draft_id}/validation", at(draftId))),
  });
}

export const offersQuery = queryOptions({
  queryKey: [ADDRESS, "offers"],
  queryFn: () => body(api.GET("/api/v1/campaigns/drafts/offers")),
  staleTime: Infinity,
});

/** Whatever is done with a draft has it read anew, also where it was refused: somebody may have changed it. */
function useDraftChange<Given, Answer>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: [ADDRESS, "list"] }),
        client.invalidateQueries({ queryKey: [ADDRESS, "one"] }),
        client.invalidateQueries({ queryKey: [ADDRESS, "validation"] }),
      ]),
  });
}

export const useCreateDraft = () =>
  useDraftChange((wish: DraftCreate) => body(api.POST("/api/v1/campaigns/drafts", { body: wish })));

export const useEditDraft = (draftId: string) =>
  useDraftChange((wish: { version: number; plan: CampaignPlan }) =>
    body(api.PUT("/api/v1/campaigns/drafts/{draft_id}", { ...at(draftId), body: wish })),
  );

export const useSubmitDraft = (draftId: string) =>
  useDraftChange((version: number) =>
    body(api.POST("/api/v1/campaigns/drafts/{draft_id}/submit", { ...at(draftId), body: { version } })),
  );

export const useApproveDraft = (draftId: string) =>
  useDraftChange((said: { version: number; reason: string }) =>
    body(api.POST("/api/v1/campaigns/drafts/{draft_id}/approve", { ...at(draftId), body: said })),
  );

export const useRejectDraft = (draftId: string) =>
  useDraftChange((said: { version: number; reason: string }) =>
    body(api.POST("/api/v1/campaigns/drafts/{draft_id}/reject", { ...at(draftId), body: said })),
  );

export const usePublishDraft = (draftId: string) =>
  useDraftChange((version: number) =>
    body(api.POST("/api/v1/campaigns/drafts/{draft_id}/publish", { ...at(draftId), body: { version } })),
  );

export const useDeleteDraft = (draftId: string) =>
  useDraftChange(() => body(api.DELETE("/api/v1/campaigns/drafts/{draft_id}", at(draftId))));
