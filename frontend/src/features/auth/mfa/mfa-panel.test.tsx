import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

test("who signed in some time ago is asked for the password before a factor is set up", async () => {
  let answers = 0;
  const { server } = quietTenant();
  server.on("POST /auth/mfa/enroll", () =>
    answers++ === 0
      ? problem(403, "auth.password_needed", "Say your password again for this.")
      : { secret: "ABCDEFGH", otpauth_uri: "otpauth://totp/x", qr_svg: "<svg/>" },
  );
  const { user } = open("/settings");
  await user.click(await screen.findByRole("button", { name: "Set up an authenticator" }));
  await user.type(await screen.findByLabelText("Your password"), "correct horse{Enter}");
  expect(await screen.findByText("ABCDEFGH")).toBeVisible();
  expect(server.asked("POST /auth/mfa/enroll").map((each) => each.body)).toEqual([
    { password: null },
    { password: "correct horse" },
  ]);
});
