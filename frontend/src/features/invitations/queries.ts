import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const invitationsQuery = queryOptions({
  queryKey: ["invitations"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/invitations", { params: { query } }))),
});
