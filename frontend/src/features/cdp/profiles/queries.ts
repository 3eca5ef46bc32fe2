import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { Lifecycle, RfmCell } from "@/api/types";

export interface ProfileSearch {
  identifier?: string | undefined;
  lifecycle?: Lifecycle | undefined;
  trait?: string | undefined;
  value?: string | undefined;
  segment?: string | undefined;
  cell?: RfmCell | undefined;
}

export function profilesQuery({ identifier, lifecycle, trait, value, segment, cell }: ProfileSearch) {
  return byCursor(
    [
      "cdp/profiles",
      "list",
      identifier ?? null,
      lifecycle ?? null,
      trait ?? null,
      value ?? null,
      segment ?? null,
      cell ?? null,
    ],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/profiles", {
          params: {
            query: {
              cursor,
              identifier: identifier ?? null,
              lifecycle: lifecycle ?? null,
              trait: trait ?? null,
              rfm_cell: cell ?? null,
              value: trait === undefined ? null : (value ?? ""),
              segment_id: segment ?? null,
            },
          },
        }),
      ),
    15_000,
  );
}

export function profileQuery(profileId: string) {
  return queryOptions({
    queryKey: ["cdp/profiles", "one", profileId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/profiles/{profile_id}", { params: { path: { profile_id: profileId } } })),
    refetchInterval: 15_000,
  });
}

/** Each look is written to the audit log: it is asked for once, and forgotten when it leaves the screen. */
export function personalQuery(profileId: string) {
  return queryOptions({
    queryKey: ["cdp/profiles.personal", profileId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/profiles/{profile_id}/personal", {
          params: { path: { profile_id: profileId } },
        }),
      ),
    staleTime: "static",
    gcTime: 0,
  });
}

export function timelineQuery(profileId: string) {
  return byCursor(
    ["cdp/profiles", "timeline", profileId],
    (cursor) =>
      body(
        api.GET("/api/v1/cdp/profiles/{profile_id}/timeline", {
          params: { path: { profile_id: profileId }, query: { cursor } },
        }),
      ),
    15_000,
  );
}
