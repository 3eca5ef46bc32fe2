import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import { useCan } from "@/api/permissions";
import type { components } from "@/api/schema";
import type { Segment, SegmentList, Vocabulary } from "@/api/types";
import { whole } from "@/api/whole";
import type { Rule } from "./conditions";

type ApiRule = components["schemas"]["PreviewRequest"]["rule"];

export type Evaluation = Segment["evaluation"];

const ADDRESS = "cdp/segments";
const SETTLES_MS = 2_000;

/** A rule whose every number is filled in is one of the API's: the API has the last word on it. */
function asked(rule: Rule): ApiRule {
  return rule as ApiRule;
}

export interface SegmentSearch {
  q?: string | undefined;
  kind?: Segment["kind"] | undefined;
  show?: "archived" | undefined;
  page?: number | undefined;
  sort?: "name" | "-member_count" | "-updated_at" | undefined;
}

export function segmentsQuery({ q, kind, show, page, sort }: SegmentSearch) {
  return queryOptions({
    queryKey: [ADDRESS, "list", q ?? null, kind ?? null, show ?? null, page ?? 1, sort ?? "name"],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/segments", {
          params: {
            query: {
              q: q ?? null,
              kind: kind ?? null,
              archived: show === "archived",
              page: page ?? 1,
              sort: sort ?? "name",
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.some(settling) === true ? SETTLES_MS : false),
  });
}

/** Every segment that is not archived, for choosing one. */
export const everySegmentQuery = queryOptions({
  queryKey: [ADDRESS, "every"],
  queryFn: () =>
    whole(({ page, limit }) =>
      body(api.GET("/api/v1/cdp/segments", { params: { query: { page, limit, sort: "name" } } })),
    ),
});

export function settling(segment: Segment): boolean {
  return segment.state === "waiting" || segment.state === "computing";
}

export function segmentQuery(segmentId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "one", segmentId],
    queryFn: () =>
      body(api.GET("/api/v1/cdp/segments/{segment_id}", { params: { path: { segment_id: segmentId } } })),
    refetchInterval: ({ state }) => (state.data !== undefined && settling(state.data) ? SETTLES_MS : false),
  });
}

export function membersQuery(segmentId: string) {
  return byCursor([ADDRESS, "members", segmentId], (cursor) =>
    body(
      api.GET("/api/v1/cdp/segments/{segment_id}/members", {
        params: { path: { segment_id: segmentId }, query: { cursor, limit: 25 } },
      }),
    ),
  );
}

export function transitionsQuery(segmentId: string) {
  return byCursor([ADDRESS, "transitions", segmentId], (cursor) =>
    body(
      api.GET("/api/v1/cdp/segments/{segment_id}/transitions", {
        params: { path: { segment_id: segmentId }, query: { cursor, limit: 25 } },
      }),
    ),
  );
}

export function sizesQuery(segmentId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "sizes", segmentId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/segments/{segment_id}/sizes", {
          params: { path: { segment_id: segmentId }, query: { days: 30 } },
        }),
      ),
  });
}

export function whyQuery(segmentId: string, profileId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "why", segmentId, profileId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/segments/{segment_id}/why/{profile_id}", {
          params: { path: { segment_id: segmentId, profile_id: profileId } },
        }),
      ),
  });
}

export function segmentsOfQuery(profileId: string) {
  return queryOptions({
    queryKey: [ADDRESS, "of", profileId],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/profiles/{profile_id}/segments", {
          params: { path: { profile_id: profileId } },
        }),
      ),
  });
}

/** What a rule can speak of; with an event, its properties too. */
export function vocabularyQuery(event?: string) {
  return queryOptions({
    queryKey: ["cdp/segments.vocabulary", event ?? null],
    queryFn: () =>
      body(
        api.GET("/api/v1/cdp/segments/vocabulary", {
          params: { query: event === undefined ? {} : { event } },
        }),
      ),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}

/** What a form offers beside its fields; nothing for who may not see segments. */
export function useSuggestions(): Vocabulary | undefined {
  const may = useCan("cdp.segments:read");
  return useQuery({ ...vocabularyQuery(), enabled: may }).data;
}

export interface Previewed {
  readonly count: number;
  readonly total: number;
  readonly sample: components["schemas"]["SampleRead"][];
  readonly tookMs: number;
}

/** Asked again for each rule; an answer that nobody waits for any more is called off. */
export function previewQuery(rule: Rule | null) {
  return queryOptions({
    queryKey: ["cdp/segments.preview", rule],
    queryFn: async ({ signal }): Promise<Previewed> => {
      if (rule === null) throw new Error("There is no rule to preview yet.");
      const began = performance.now();
      const found = await body(
        api.POST("/api/v1/cdp/segments/preview", { body: { rule: asked(rule) }, signal }),
      );
      return { ...found, tookMs: Math.round(performance.now() - began) };
    },
    enabled: rule !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  });
}

function useSettled() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: [ADDRESS] });
}

export interface SegmentDraft {
  readonly name: string;
  readonly description: string;
  readonly rule: Rule;
  readonly evaluation: Evaluation;
}

export function useCreateSegment() {
  const settled = useSettled();
  return useMutation({
    mutationFn: ({ rule, ...draft }: SegmentDraft) =>
      body(api.POST("/api/v1/cdp/segments", { body: { ...draft, rule: asked(rule) } })),
    onSuccess: settled,
  });
}

export interface SegmentChange {
  readonly name?: string;
  readonly description?: string;
  readonly rule?: Rule;
  readonly evaluation?: Evaluation;
  readonly live?: boolean;
}

export function useChangeSegment(segmentId: string) {
  const settled = useSettled();
  return useMutation({
    mutationFn: ({ rule, ...change }: SegmentChange) =>
      body(
        api.PATCH("/api/v1/cdp/segments/{segment_id}", {
          params: { path: { segment_id: segmentId } },
          body: { ...change, ...(rule === undefined ? {} : { rule: asked(rule) }) },
        }),
      ),
    onSuccess: settled,
  });
}

export function useRecompute(segmentId: string) {
  const settled = useSettled();
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/cdp/segments/{segment_id}/recompute", {
          params: { path: { segment_id: segmentId } },
        }),
      ),
    onSuccess: settled,
  });
}

export function useArchive(segmentId: string) {
  const settled = useSettled();
  return async () => {
    await api.DELETE("/api/v1/cdp/segments/{segment_id}", { params: { path: { segment_id: segmentId } } });
    await settled();
  };
}

interface Upload {
  readonly file: File;
  readonly skipBadRows: boolean;
}

const CSV = { headers: { "Content-Type": "text/csv" }, bodySerializer: (sent: unknown) => sent as File };

export function useCreateList() {
  const settled = useSettled();
  return useMutation({
    mutationFn: ({ file, skipBadRows, name }: Upload & { name: string }): Promise<SegmentList> =>
      body(
        api.POST("/api/v1/cdp/segments/lists", {
          params: { query: { name, skip_bad_rows: skipBadRows } },
          body: file as unknown as string,
          ...CSV,
        }),
      ),
    onSuccess: settled,
  });
}

export function useReplaceList(segmentId: string) {
  const settled = useSettled();
  return useMutation({
    mutationFn: ({ file, skipBadRows, add }: Upload & { add: boolean }): Promise<SegmentList> =>
      body(
        api.PUT("/api/v1/cdp/segments/{segment_id}/list", {
          params: { path: { segment_id: segmentId }, query: { add, skip_bad_rows: skipBadRows } },
          body: file as unknown as string,
          ...CSV,
        }),
      ),
    onSuccess: settled,
  });
}
