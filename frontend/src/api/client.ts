import createClient, { type Middleware } from "openapi-fetch";
import { problemFrom, unreachable } from "./errors";
import type { paths } from "./schema";
import { accessToken, refreshSession, sessionEnded } from "./session";

/** Signs each request, renews the token once when it has run out, and turns every failure into an `ApiError`. */
const signed: Middleware = {
  onRequest({ request }) {
    const token = accessToken();
    if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onError() {
    return unreachable();
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    throw problemFrom(response, await response.json().catch(() => null));
  },
};

async function fetchWithRenewal(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(request);
  if (response.status !== 401 || accessToken() === null) return response;
  if (!(await refreshSession())) {
    sessionEnded();
    return response;
  }
  again.headers.set("Authorization", `Bearer ${accessToken() ?? ""}`);
  return fetch(again);
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchWithRenewal });
api.use(signed);

/** The body of a successful answer; failures have been thrown by the client already. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}
