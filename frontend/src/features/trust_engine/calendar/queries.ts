import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { CalendarCreate } from "@/api/types";

const KEY = "trust_engine/calendar";

/** What is on or still to come, or with what is over too. */
export function calendarQuery(past: boolean) {
  return byCursor([KEY, past], (cursor) =>
    body(api.GET("/api/v1/trust/calendar", { params: { query: { cursor, past } } })),
  );
}

export function useEnter() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (entry: CalendarCreate) => body(api.POST("/api/v1/trust/calendar", { body: entry })),
    onSuccess: () => client.invalidateQueries({ queryKey: [KEY] }),
  });
}

export function useStrike() {
  const client = useQueryClient();
  return async (entryId: string) => {
    await body(api.DELETE("/api/v1/trust/calendar/{entry_id}", { params: { path: { entry_id: entryId } } }));
    await client.invalidateQueries({ queryKey: [KEY] });
  };
}
