import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

const ADDRESS = "campaigns/labels";

export const labelsQuery = queryOptions({
  queryKey: [ADDRESS],
  queryFn: () => whole((query) => body(api.GET("/api/v1/campaigns/labels", { params: { query } }))),
});

/** Whatever is done with labels has them and the campaigns that bear them read anew. */
function useLabelChange<Given, Answer>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: [ADDRESS] }),
        client.invalidateQueries({ queryKey: ["campaigns"] }),
      ]),
  });
}

const at = (labelId: string) => ({ params: { path: { label_id: labelId } } });

export const useCreateLabel = () =>
  useLabelChange((name: string) => body(api.POST("/api/v1/campaigns/labels", { body: { name } })));

export const useRenameLabel = (labelId: string) =>
  useLabelChange((name: string) =>
    body(api.PATCH("/api/v1/campaigns/labels/{label_id}", { ...at(labelId), body: { name } })),
  );

export const useDeleteLabel = (labelId: string) =>
  useLabelChange(() => body(api.DELETE("/api/v1/campaigns/labels/{label_id}", at(labelId))));

/** The label on campaigns, or off them. */
export const useChangeLabelled = () =>
  useLabelChange(
    ({ labelId, on, campaignIds }: { labelId: string; on: boolean; campaignIds: readonly string[] }) =>
      body(
        api.POST("/api/v1/campaigns/labels/{label_id}/campaigns", {
          ...at(labelId),
          body: {
            add_campaign_ids: on ? [...campaignIds] : [],
            remove_campaign_ids: on ? [] : [...campaignIds],
          },
        }),
      ),
  );
