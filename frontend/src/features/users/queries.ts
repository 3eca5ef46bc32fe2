import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const membersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/users", { params: { query } }))),
});
