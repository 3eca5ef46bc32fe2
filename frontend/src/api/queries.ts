import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { ApiError } from "./errors";

const RETRIES = 2;

/** A refusal is an answer: only an unreachable or overloaded server is asked again. */
function worthRetrying(failures: number, error: Error): boolean {
  return failures < RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 15_000, retry: worthRetrying, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  });
}

/** Who asks, in which tenant, with which permissions. */
export const meQuery = queryOptions({
  queryKey: ["auth", "me"],
  queryFn: () => body(api.GET("/api/v1/auth/me")),
  staleTime: 60_000,
});
