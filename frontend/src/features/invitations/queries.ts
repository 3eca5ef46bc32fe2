import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const invitationsQuery = queryOptions({
  queryKey: ["invitations"],
  queryFn: () => body(api.GET("/api/v1/invitations")),
});
