import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { PlatformCall } from "@/api/types";
import type { PLATFORMS } from "../platforms";
import type { OUTCOMES } from "./outcomes";

export type Within = "hour" | "day" | "week";

const HOURS: Readonly<Record<Within, number>> = { hour: 1, day: 24, week: 168 };

interface CallSearch {
  show?: "all" | (typeof OUTCOMES)[number] | undefined;
  kind?: "writes" | "reads" | undefined;
  account?: string | undefined;
  platform?: (typeof PLATFORMS)[number] | undefined;
  within?: Within | undefined;
}

/** What was asked of the platforms; those that failed unless all are wanted. */
export function callsQuery({ show, kind, account, platform, within }: CallSearch) {
  const outcome = show === "all" ? undefined : show;
  return byCursor(
    [
      "integrations/calls",
      show ?? null,
      kind ?? null,
      account ?? null,
      platform ?? null,
      within ?? null,
    ] as const,
    (cursor) =>
      body(
        api.GET("/api/v1/integrations/calls", {
          params: {
            query: {
              cursor,
              failed: show === "all" ? null : true,
              outcome: outcome ?? null,
              mutating: kind === undefined ? null : kind === "writes",
              ad_account_id: account ?? null,
              platform: platform ?? null,
              since:
                within === undefined ? null : new Date(Date.now() - HOURS[within] * 3_600_000).toISOString(),
            },
          },
        }),
      ),
    15_000,
  );
}

/** One call, with what it means and what was made of it again. */
export function callQuery(id: PlatformCall["id"]) {
  return queryOptions({
    queryKey: ["integrations/calls", "one", id],
    queryFn: () =>
      body(api.GET("/api/v1/integrations/calls/{call_id}", { params: { path: { call_id: id } } })),
    refetchInterval: 10_000,
  });
}

export function useReplayCall(id: PlatformCall["id"]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/integrations/calls/{call_id}/replay", { params: { path: { call_id: id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["integrations/calls"] }),
  });
}
