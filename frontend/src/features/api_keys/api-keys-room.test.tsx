import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const KEY = {
  id: "0199aaaa-0000-7000-8000-0000000000e1",
  name: "Reporting",
  prefix: "sk_1_ab",
  scopes: ["campaigns:read"],
  created_at: "2026-11-23T05:00:00Z",
  expires_at: null,
  last_used_at: null,
};

test("a key is revoked only after a second yes, and a refusal is shown there", async () => {
  const { server } = quietTenant(["api_keys:write"]);
  const route = `DELETE /api-keys/${KEY.id}`;
  server.on("GET /api-keys", { items: [KEY] }).on(route, () => problem(403, "forbidden", "Not you."));
  const { user } = open("/settings/api-keys");
  await user.click(await screen.findByRole("button", { name: "Revoke" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Revoke “Reporting”?" }));
  expect(server.asked(route)).toHaveLength(0);
  await user.click(dialog.getByRole("button", { name: "Revoke" }));
  expect(await dialog.findByText("Not you.")).toBeVisible();
  server.on(route, null).on("GET /api-keys", { items: [] });
  await user.click(dialog.getByRole("button", { name: "Revoke" }));
  expect(await screen.findByText("No keys.")).toBeVisible();
  expect(screen.queryByRole("dialog")).toBeNull();
});
