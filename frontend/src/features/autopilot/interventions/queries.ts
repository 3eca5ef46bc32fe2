import { api, body } from "@/api/client";
import { byCursor } from "@/api/cursor";

export const interventionsQuery = byCursor(["autopilot/actions", "interventions"], (cursor) =>
  body(api.GET("/api/v1/autopilot/interventions", { params: { query: { cursor } } })),
);
