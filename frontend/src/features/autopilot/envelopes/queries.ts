import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";
import type { EnvelopeCreate } from "@/api/types";

const ADDRESS = "autopilot/envelopes";

export const envelopesQuery = byCursor([ADDRESS, "list"], (cursor) =>
  body(api.GET("/api/v1/autopilot/envelopes", { params: { query: { cursor } } })),
);

export function useGive() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wanted: EnvelopeCreate) => body(api.POST("/api/v1/autopilot/envelopes", { body: wanted })),
    onSuccess: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}

export function useRevoke(envelopeId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      body(
        api.POST("/api/v1/autopilot/envelopes/{envelope_id}/revoke", {
          params: { path: { envelope_id: envelopeId } },
          body: { reason },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: [ADDRESS] }),
  });
}
