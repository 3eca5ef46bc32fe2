import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

test("a link is opened with the password of its registration", async () => {
  const { server } = quietTenant();
  document.cookie = "stratum_csrf=; max-age=0";
  server.on("POST /auth/verify-email", { message: "Your address is verified: sign in." });
  const { user } = open("/verify-email?token=otk_1");
  await user.type(await screen.findByLabelText("The password you chose"), "a password of some length{Enter}");
  expect(await screen.findByRole("status")).toHaveTextContent("Your address is verified.");
  expect(server.asked("POST /auth/verify-email")[0]?.body).toEqual({
    token: "otk_1",
    password: "a password of some length",
  });
});
