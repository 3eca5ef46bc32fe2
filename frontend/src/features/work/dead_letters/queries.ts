import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

export function deadLettersQuery(all: boolean) {
  return byCursor(
    ["work/dead_letters", all],
    (cursor) =>
      body(api.GET("/api/v1/work/dead-letters", { params: { query: { cursor, open: all ? null : true } } })),
    30_000,
  );
}

/** Closes a letter: by having its task run again, or undone. */
export function useCloseLetter(letterId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (how: "replay" | "discard") => {
      const params = { path: { letter_id: letterId } };
      return body(
        how === "replay"
          ? api.POST("/api/v1/work/dead-letters/{letter_id}/replay", { params })
          : api.POST("/api/v1/work/dead-letters/{letter_id}/discard", { params }),
      );
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["work/dead_letters"] }),
  });
}
