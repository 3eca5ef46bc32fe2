import { expect, test } from "vitest";
import { SIGNED_IN } from "@/testing/fixtures";
import { problem, Server } from "@/testing/server";
import { api } from "./client";
import { accessToken, beginSession, currentSession, refreshSession } from "./session";

function refreshable() {
  document.cookie = "stratum_csrf=csrf-1";
  return new Server().on("POST /auth/refresh", { ...SIGNED_IN, access_token: "token-2" });
}

test("calls for a new token share one request, since a reused refresh token ends the session", async () => {
  const server = refreshable();
  expect(await Promise.all([refreshSession(), refreshSession(), refreshSession()])).toEqual([
    true,
    true,
    true,
  ]);
  expect(server.asked("POST /auth/refresh")).toHaveLength(1);
  expect(server.asked("POST /auth/refresh")[0]?.headers.get("X-CSRF-Token")).toBe("csrf-1");
});

test("without the CSRF cookie nobody was signed in, and the server is not asked", async () => {
  const server = new Server();
  expect(await refreshSession()).toBe(false);
  expect(server.seen).toHaveLength(0);
});

test("an expired access token is renewed and the request sent again, once", async () => {
  const server = refreshable().on("GET /auth/me", ({ headers }) =>
    headers.get("Authorization") === "Bearer token-2"
      ? { role: "admin" }
      : problem(401, "auth.expired", "Expired."),
  );
  beginSession(SIGNED_IN);
  const { data } = await api.GET("/api/v1/auth/me");
  expect(data?.role).toBe("admin");
  expect(server.asked("GET /auth/me")).toHaveLength(2);
});

test("a refused renewal ends the session", async () => {
  refreshable()
    .on("GET /auth/me", () => problem(401, "auth.expired", "Expired."))
    .on("POST /auth/refresh", () => problem(401, "auth.reused", "Signed out."));
  beginSession(SIGNED_IN);
  await expect(api.GET("/api/v1/auth/me")).rejects.toMatchObject({ status: 401 });
  expect(currentSession()).toBeNull();
  expect(accessToken()).toBeNull();
});

test("a failure carries its code, its request and the fields at fault", async () => {
  new Server().on("POST /auth/register", () =>
    problem(422, "invalid", "Some fields are not right.", [
      { field: "body.password", message: "Too short.", code: "too_short" },
    ]),
  );
  const call = api.POST("/api/v1/auth/register", {
    body: { email: "a@b.example", password: "x", full_name: "A", company: "B" },
  });
  await expect(call).rejects.toMatchObject({
    code: "invalid",
    requestId: "req-7",
    fields: { password: "Too short." },
  });
});

test("a server that cannot be reached is an error that says so", async () => {
  new Server().on("GET /auth/me", () => Promise.reject(new TypeError("fetch failed")));
  await expect(api.GET("/api/v1/auth/me")).rejects.toMatchObject({ code: "network", status: 0 });
});
