import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

test("who signed in some time ago is asked for the password before new backup codes are made", async () => {
  let answers = 0;
  const { server } = quietTenant();
  server.on("POST /auth/mfa/backup-codes", () =>
    answers++ === 0
      ? problem(403, "auth.password_needed", "Say your password again for this.")
      : { backup_codes: ["ABCD-EFGH"] },
  );
  const { user } = open("/settings");
  await user.click(await screen.findByText("New backup codes"));
  const [code] = await screen.findAllByLabelText("Code");
  if (code === undefined) throw new Error("no field for the code");
  await user.type(code, "123456{Enter}");
  await user.type(await screen.findByLabelText("Your password"), "correct horse{Enter}");
  expect(await screen.findByText("ABCD-EFGH")).toBeVisible();
  expect(server.asked("POST /auth/mfa/backup-codes").map((each) => each.body)).toEqual([
    { code: "123456", password: null },
    { code: "123456", password: "correct horse" },
  ]);
});
