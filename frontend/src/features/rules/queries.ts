import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { components } from "@/api/schema";
import { type Definition, openPart, type Schedule } from "./definition";

const ADDRESS = "rules";
const at = (ruleId: string) => ({ params: { path: { rule_id: ruleId } } });

export function rulesQuery({
  page = 1,
  q,
  show,
}: {
  page?: number | undefined;
  q?: string | undefined;
  show?: "archived" | undefined;
}) {
  const query = { page, limit: 50, sort: "name" as const, q: q ?? null, archived: show === "archived" };
  return queryOptions({
    queryKey: [ADDRESS, "list", query],
    queryFn: () => body(api.GET("/api/v1/rules", { params: { query } })),
    placeholderData: keepPreviousData,
  });
}

export function ruleQuery(ruleId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "one", ruleId],
    queryFn: () => body(api.GET("/api/v1/rules/{rule_id}", at(ruleId))),
  });
}

export const templatesQuery = queryOptions({
  queryKey: [ADDRESS, "templates"],
  queryFn: () => body(api.GET("/api/v1/rules/templates")),
  staleTime: Infinity,
});

export function evaluationsQuery(ruleId: string) {
  return byCursor([ADDRESS, "evaluations", ruleId], (cursor) =>
    body(
      api.GET("/api/v1/rules/{rule_id}/evaluations", {
        params: { path: { rule_id: ruleId }, query: { cursor, limit: 20, telling: true } },
      }),
    ),
  );
}

export function firingsQuery(ruleId: string) {
  return byCursor([ADDRESS, "firings", ruleId], (cursor) =>
    body(
      api.GET("/api/v1/rules/{rule_id}/firings", {
        params: { path: { rule_id: ruleId }, query: { cursor, limit: 20 } },
      }),
    ),
  );
}

/** Asked again for each definition; an answer that nobody waits for any more is called off. */
export function previewQuery(name: string, definition: Definition) {
  const asked = { name: name.trim() === "" ? "Preview" : name.trim(), definition };
  return queryOptions({
    queryKey: ["rules.preview", asked],
    queryFn: ({ signal }) => body(api.POST("/api/v1/rules/preview", { body: asked, signal })),
    enabled: openPart(definition) === null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  });
}

export function conflictsQuery(definition: Definition, ruleId: string | null) {
  const asked = { definition, rule_id: ruleId };
  return queryOptions({
    queryKey: ["rules.conflicts", asked],
    queryFn: ({ signal }) => body(api.POST("/api/v1/rules/conflicts", { body: asked, signal })),
    enabled: openPart(definition) === null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export interface RuleDraft {
  readonly name: string;
  readonly description: string;
  readonly definition: Definition;
  readonly schedule: Schedule;
  readonly cooldown_hours: number;
  readonly accept_conflicts: boolean;
}

export function useBacktest() {
  return useMutation({
    mutationFn: (asked: {
      definition: Definition;
      schedule: Schedule;
      cooldown_hours: number;
      days: number;
    }) => body(api.POST("/api/v1/rules/backtest", { body: asked })),
  });
}

function useRuleChange<Given = void, Answer = unknown>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: [ADDRESS] }),
        client.invalidateQueries({ queryKey: ["autopilot/actions"] }),
      ]),
  });
}

export const useCreateRule = () =>
  useRuleChange((draft: RuleDraft) =>
    body(api.POST("/api/v1/rules", { body: { ...draft, enabled: false } })),
  );

export const useChangeRule = (ruleId: string) =>
  useRuleChange((change: components["schemas"]["RulePatch"]) =>
    body(api.PATCH("/api/v1/rules/{rule_id}", { ...at(ruleId), body: change })),
  );

export const useArchiveRule = (ruleId: string) =>
  useRuleChange(() => body(api.DELETE("/api/v1/rules/{rule_id}", at(ruleId))));

export const useRunRule = (ruleId: string) =>
  useRuleChange(() => body(api.POST("/api/v1/rules/{rule_id}/run", at(ruleId))));

export const useTemplate = () =>
  useRuleChange(({ name, values }: { name: string; values: Record<string, number> }) =>
    body(
      api.POST("/api/v1/rules/templates/{name}", {
        params: { path: { name } },
        body: { name: null, currency: null, values },
      }),
    ),
  );
