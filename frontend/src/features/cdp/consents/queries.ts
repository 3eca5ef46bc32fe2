import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { Purpose } from "@/api/types";

export const policyQuery = queryOptions({
  queryKey: ["cdp/consents", "policy"],
  queryFn: () => body(api.GET("/api/v1/cdp/consents/policy")),
});

export const categoriesQuery = queryOptions({
  queryKey: ["cdp/consents", "categories"],
  queryFn: () => body(api.GET("/api/v1/cdp/consents/categories")),
});

export const summaryQuery = queryOptions({
  queryKey: ["cdp/consents", "summary"],
  queryFn: () => body(api.GET("/api/v1/cdp/consents/summary")),
  refetchInterval: 15_000,
});

export function consentsQuery(profileId: string) {
  return queryOptions({
    queryKey: ["cdp/consents", "of", profileId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/consents/{profile_id}", { params: { path: { profile_id: profileId } } })),
    refetchInterval: 15_000,
  });
}

export function receiptsQuery(profileId: string) {
  return byCursor(["cdp/consents", "receipts", profileId], (cursor) =>
    body(
      api.GET("/api/v1/cdp/consents/{profile_id}/receipts", {
        params: { path: { profile_id: profileId }, query: { cursor } },
      }),
    ),
  );
}

type Said = "granted" | "refused";

export interface SilencePolicy {
  readonly elsewhere: Said;
  readonly countries: Record<string, Said>;
}

function useSaved() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["cdp/consents"] });
}

export function useSetPolicy() {
  return useMutation({
    mutationFn: (policy: SilencePolicy) => body(api.PUT("/api/v1/cdp/consents/policy", { body: policy })),
    onSuccess: useSaved(),
  });
}

export function useSetCategories() {
  return useMutation({
    mutationFn: (categories: Record<string, Purpose[]>) =>
      body(api.PUT("/api/v1/cdp/consents/categories", { body: { categories } })),
    onSuccess: useSaved(),
  });
}

export function useCountAnew() {
  return useMutation({
    mutationFn: () => body(api.POST("/api/v1/cdp/consents/summary")),
    onSuccess: useSaved(),
  });
}

export interface Recorded {
  readonly purposes: Purpose[];
  readonly decision: Said;
  readonly proof: string;
  readonly wording: string;
}

/** What somebody said elsewhere. A withdrawal is a refusal from this moment on. */
export function useRecordConsent(profileId: string) {
  const params = { path: { profile_id: profileId } };
  return useMutation({
    mutationFn: ({ purposes, decision, proof, wording }: Recorded) =>
      decision === "refused"
        ? body(api.POST("/api/v1/cdp/consents/{profile_id}/withdraw", { params, body: { purposes, proof } }))
        : body(
            api.POST("/api/v1/cdp/consents/{profile_id}", {
              params,
              body: { purposes, decision, proof, wording_version: wording === "" ? null : wording },
            }),
          ),
    onSuccess: useSaved(),
  });
}
