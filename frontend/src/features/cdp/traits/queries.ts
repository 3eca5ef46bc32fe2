import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { Rfm, Trait, TraitCreate, TraitDraft } from "@/api/types";
import { whole } from "@/api/whole";

const KEY = "cdp/traits";
const SOON = 3_000;

export const traitsQuery = queryOptions({
  queryKey: [KEY, "list"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/cdp/traits", { params: { query } }))),
  refetchInterval: ({ state }) =>
    state.data?.items.some((each) => each.state === "computing") === true ? SOON : 30_000,
});

/** Whether a ranking is under way, or waits for its turn: `asked` is how they stood when it was asked for. */
export function isRanking(rfm: Rfm, asked: Rfm | undefined): boolean {
  return rfm.running || asked?.computed_at === rfm.computed_at;
}

export function rfmQuery(asked: Rfm | undefined) {
  return queryOptions({
    queryKey: [KEY, "rfm"],
    queryFn: () => body(api.GET("/api/v1/cdp/traits/rfm")),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isRanking(state.data, asked) ? SOON : 30_000,
  });
}

export function profileTraitsQuery(profileId: string) {
  return queryOptions({
    queryKey: [KEY, "profile", profileId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/traits/profiles/{profile_id}", { params: { path: { profile_id: profileId } } }),
      ),
    refetchInterval: 15_000,
  });
}

/** What the value that is shown rests on: another value is asked about anew. */
export function whyQuery(traitId: string, profileId: string, value: unknown) {
  return queryOptions({
    queryKey: [KEY, "why", traitId, profileId, value],
    placeholderData: keepPreviousData,
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/traits/{trait_id}/why/{profile_id}", {
          params: { path: { trait_id: traitId, profile_id: profileId } },
        }),
      ),
  });
}

/** What the trait would come to, while it is being put together. */
export function previewQuery(definition: TraitDraft | null) {
  return queryOptions({
    queryKey: [KEY, "preview", definition],
    queryFn: ({ signal }) => {
      if (definition === null) throw new Error("there is nothing to preview");
      return body(api.POST("/api/v1/cdp/traits/preview", { body: { definition }, signal }));
    },
    enabled: definition !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

export function useSaveTrait(trait: Trait | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, description, definition }: Required<TraitCreate>) =>
      trait === null
        ? body(api.POST("/api/v1/cdp/traits", { body: { name, description, definition } }))
        : body(
            api.PATCH("/api/v1/cdp/traits/{trait_id}", {
              params: { path: { trait_id: trait.id } },
              body: { description, definition },
            }),
          ),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
  });
}

export function useRemoveTrait() {
  const client = useQueryClient();
  return async (traitId: string) => {
    await body(api.DELETE("/api/v1/cdp/traits/{trait_id}", { params: { path: { trait_id: traitId } } }));
    await client.invalidateQueries({ queryKey: [KEY] });
  };
}

export function useRank() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/cdp/traits/rfm/recompute")),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY, "rfm"] }),
  });
}
