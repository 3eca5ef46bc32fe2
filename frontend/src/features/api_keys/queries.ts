import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { whole } from "@/api/whole";

export const apiKeysQuery = queryOptions({
  queryKey: ["api_keys"],
  queryFn: () => whole((query) => body(api.GET("/api/v1/api-keys", { params: { query } }))),
});
