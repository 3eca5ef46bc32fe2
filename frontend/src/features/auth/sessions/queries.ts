import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const sessionsQuery = queryOptions({
  queryKey: ["auth", "sessions"],
  queryFn: () => body(api.GET("/api/v1/auth/sessions")),
});
