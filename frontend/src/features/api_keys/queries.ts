import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";

export const apiKeysQuery = queryOptions({
  queryKey: ["api_keys"],
  queryFn: () => body(api.GET("/api/v1/api-keys")),
});
