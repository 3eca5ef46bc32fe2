import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { LimitChanges } from "@/api/types";
import { limitsFrom } from "./limit-values";

/** Whose limits: the tenant's, an account's or a campaign's. */
export interface Whose {
  readonly applies_to: "tenant" | "account" | "campaign";
  readonly entity_id: string | null;
}

export const TENANT: Whose = { applies_to: "tenant", entity_id: null };

/** The limits in force for a campaign, an account or, with neither, the tenant. */
export function enforcementQuery(accountId: string | null = null, campaignId: string | null = null) {
  return queryOptions({
    queryKey: ["autopilot/enforcement", "in force", accountId, campaignId],
    queryFn: () =>
      body(
        api.GET("/api/v1/autopilot/enforcement", {
          params: { query: { ad_account_id: accountId, campaign_id: campaignId } },
        }),
      ),
  });
}

export const overridesQuery = queryOptions({
  queryKey: ["autopilot/enforcement", "overrides"],
  queryFn: async () =>
    (await body(api.GET("/api/v1/autopilot/enforcement/overrides", { params: { query: { limit: 200 } } })))
      .items,
});

function useSave(whose: Whose) {
  const client = useQueryClient();
  return {
    save: (changes: LimitChanges) =>
      body(api.PUT("/api/v1/autopilot/enforcement", { body: { ...whose, ...changes } })),
    saved: () => client.invalidateQueries({ queryKey: ["autopilot/enforcement"] }),
  };
}

export function useEnforce(whose: Whose, currency: string, ownCurrency: string) {
  const { save, saved } = useSave(whose);
  return useMutation({
    // Async, so that an amount that cannot be read fails the mutation like a refusal does.
    mutationFn: async (form: FormData) =>
      save(limitsFrom(form, currency, whose.applies_to !== "tenant", ownCurrency)),
    onSuccess: saved,
  });
}

/** Leaves everything to the wider layer again. */
export function useTakeBack(whose: Whose) {
  const { save, saved } = useSave(whose);
  return useMutation({
    mutationFn: (says: LimitChanges) =>
      save(Object.fromEntries(Object.keys(says).map((name) => [name, null]))),
    onSuccess: saved,
  });
}
