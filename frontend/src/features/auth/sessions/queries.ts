import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const sessionsQuery = queryOptions({
  queryKey: ["auth", "sessions"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/auth/sessions", { params: { query } }))),
});
