import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const membersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: () => body(api.GET("/api/v1/users")),
});
