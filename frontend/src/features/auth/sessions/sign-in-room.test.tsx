import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant, SIGNED_IN } from "@/testing/fixtures";
import { problem } from "@/testing/server";

function signedOut() {
  const { server } = quietTenant();
  document.cookie = "stratum_csrf=; max-age=0";
  return server;
}

async function enterPassword(user: ReturnType<typeof open>["user"]) {
  await user.type(await screen.findByLabelText("E-mail"), "dana@northwind.example");
  await user.type(screen.getByLabelText("Password"), "correct horse");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
}

test("a second factor is asked for before the door opens", async () => {
  const server = signedOut()
    .on("POST /auth/login", { mfa_required: true, mfa_token: "half-way" })
    .on("POST /auth/mfa/verify", SIGNED_IN);
  const { user } = open("/");
  await enterPassword(user);
  await user.type(await screen.findByLabelText("Code"), "123 456{Enter}");
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeVisible();
  expect(server.asked("POST /auth/mfa/verify")[0]?.body).toEqual({ mfa_token: "half-way", code: "123456" });
});

test("a refusal shows its sentence, its code and the request to quote", async () => {
  signedOut().on("POST /auth/login", () =>
    problem(401, "auth.invalid_credentials", "The e-mail or the password is wrong."),
  );
  const { user } = open("/sign-in");
  await enterPassword(user);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The e-mail or the password is wrong.");
  expect(alert).toHaveTextContent("auth.invalid_credentials · request req-7");
});

test("one comes back to where one wanted to go", async () => {
  signedOut().on("POST /auth/login", SIGNED_IN);
  const { user, router } = open("/trust?result=HOLD");
  await enterPassword(user);
  expect(await screen.findByRole("heading", { name: "Trust" })).toBeVisible();
  expect(router.state.location.search).toEqual({ result: "HOLD" });
});

test.each(["//evil.example", "https://evil.example", "/\\evil.example"])("but never to %s", async (next) => {
  signedOut().on("POST /auth/login", SIGNED_IN);
  const { user, router } = open(`/sign-in?next=${encodeURIComponent(next)}`);
  await enterPassword(user);
  expect(await screen.findByRole("heading", { name: "Overview" })).toBeVisible();
  expect(router.state.location.pathname).toBe("/");
});
