import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { components } from "@/api/schema";
import type { CrmAccount, CrmProvider } from "@/api/types";
import { whole } from "@/api/whole";

const PLACE = "/api/v1/integrations/crm/{crm_id}";

export const crmAccountsQuery = queryOptions({
  queryKey: ["integrations/crm"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/integrations/crm", { params: { query } }))),
  refetchInterval: 15_000,
});

/** The CRMs that can be connected here; they change with the installation alone. */
export const crmProvidersQuery = queryOptions({
  queryKey: ["integrations/crm/providers"],
  queryFn: () => body(api.GET("/api/v1/integrations/crm/providers")),
  staleTime: Infinity,
});

/** Which properties contacts, or deals, have there: asked of the CRM itself. */
export function crmPropertiesQuery(crmId: string, kind: "contacts" | "deals" = "contacts") {
  return queryOptions({
    queryKey: ["integrations/crm/properties", crmId, kind],
    queryFn: () =>
      body(api.GET(`${PLACE}/properties`, { params: { path: { crm_id: crmId }, query: { kind } } })),
    staleTime: 60_000,
  });
}

/** How many of a segment's people would be created there. */
export function crmCreationQuery(crmId: string, segmentId: string) {
  return queryOptions({
    queryKey: ["integrations/crm/creation", crmId, segmentId],
    queryFn: () =>
      body(
        api.POST(`${PLACE}/creation-preview`, {
          params: { path: { crm_id: crmId } },
          body: { segment_id: segmentId },
        }),
      ),
    staleTime: 30_000,
  });
}

/** The newest synchronisations. */
export function crmSyncsQuery(crmId: string) {
  return queryOptions({
    queryKey: ["integrations/crm", crmId, "syncs"],
    queryFn: () =>
      body(api.GET(`${PLACE}/syncs`, { params: { path: { crm_id: crmId }, query: { limit: 5 } } })),
    refetchInterval: 15_000,
  });
}

/** The newest rounds of writing. */
export function crmWritesQuery(crmId: string) {
  return queryOptions({
    queryKey: ["integrations/crm", crmId, "writes"],
    queryFn: () =>
      body(api.GET(`${PLACE}/writes`, { params: { path: { crm_id: crmId }, query: { limit: 5 } } })),
    refetchInterval: 15_000,
  });
}

/** Which contacts and deals could not be written. */
export function crmFaultsQuery(crmId: string) {
  return queryOptions({
    queryKey: ["integrations/crm", crmId, "faults"],
    queryFn: () => body(api.GET(`${PLACE}/faults`, { params: { path: { crm_id: crmId } } })),
    refetchInterval: 15_000,
  });
}

/** Which contacts are no longer there. */
export function crmDeparturesQuery(crmId: string) {
  return queryOptions({
    queryKey: ["integrations/crm", crmId, "departures"],
    queryFn: () => body(api.GET(`${PLACE}/departures`, { params: { path: { crm_id: crmId } } })),
    refetchInterval: 15_000,
  });
}

/** Asks for the CRM's consent page and goes there; it sends the browser back to /connect. */
export function useAuthorizeCrm(provider: CrmProvider["provider"]) {
  return useMutation({
    mutationFn: (wanted: { writes: boolean; writes_deals?: boolean }) =>
      body(
        api.POST("/api/v1/integrations/crm/{provider}/authorize", {
          params: { path: { provider } },
          body: { writes_deals: false, ...wanted },
        }),
      ),
    onSuccess: ({ authorize_url }) => {
      window.location.assign(authorize_url);
    },
  });
}

function useRefresh() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: crmAccountsQuery.queryKey });
}

export function useChangeCrm(account: CrmAccount) {
  return useMutation({
    mutationFn: (change: components["schemas"]["CrmPatch"]) =>
      body(api.PATCH(PLACE, { params: { path: { crm_id: account.id } }, body: change })),
    onSuccess: useRefresh(),
  });
}

export function useSyncCrm(account: CrmAccount) {
  return useMutation({
    mutationFn: () => body(api.POST(`${PLACE}/sync`, { params: { path: { crm_id: account.id } } })),
    onSuccess: useRefresh(),
  });
}

export function useDisconnectCrm(account: CrmAccount) {
  return useMutation({
    mutationFn: () => body(api.DELETE(PLACE, { params: { path: { crm_id: account.id } } })),
    onSuccess: useRefresh(),
  });
}
