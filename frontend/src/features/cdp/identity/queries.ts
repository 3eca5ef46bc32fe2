import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export function graphQuery(profileId: string) {
  return queryOptions({
    queryKey: ["cdp/identity", "graph", profileId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/profiles/{profile_id}/identity-graph", {
          params: { path: { profile_id: profileId } },
        }),
      ),
    refetchInterval: 15_000,
  });
}

/** Who is who has changed: profiles, graphs and segments are read anew. */
function useChanged() {
  const client = useQueryClient();
  return () =>
    Promise.all(
      ["cdp/profiles", "cdp/identity", "cdp/segments"].map((address) =>
        client.invalidateQueries({ queryKey: [address] }),
      ),
    );
}

interface Merge {
  readonly profileId: string;
  readonly otherId: string;
  readonly reason: string;
}

export function useMerge() {
  const changed = useChanged();
  return useMutation({
    mutationFn: ({ profileId, otherId, reason }: Merge) =>
      body(
        api.POST("/api/v1/cdp/profiles/merges", {
          body: { profile_id: profileId, other_profile_id: otherId, reason },
        }),
      ),
    onSuccess: changed,
  });
}

export function useSplit(profileId: string) {
  const changed = useChanged();
  return useMutation({
    mutationFn: (split: { keys: string[]; reason: string }) =>
      body(
        api.POST("/api/v1/cdp/profiles/{profile_id}/split", {
          params: { path: { profile_id: profileId } },
          body: split,
        }),
      ),
    onSuccess: changed,
  });
}

export function useUndo(assertion: string) {
  const changed = useChanged();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/cdp/identity/links/{assertion_id}/undo", {
          params: { path: { assertion_id: assertion } },
          body: { reason },
        }),
      ),
    onSuccess: changed,
  });
}
