import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

test("of what a list shows, the chosen part is marked, and the other is a click away", async () => {
  const { server } = quietTenant();
  server.on("GET /trust/incidents", { items: [], next_cursor: null, limit: 50 });
  const { user } = open("/trust/incidents");
  expect(await screen.findByText("Nothing is wrong now.")).toBeVisible();
  const tabs = () => ["Open", "All"].map((name) => screen.getByRole("link", { name }));
  expect(tabs().map((tab) => tab.getAttribute("aria-current"))).toEqual(["page", null]);
  await user.click(screen.getByRole("link", { name: "All" }));
  expect(await screen.findByText("Nothing has ever gone wrong here.")).toBeVisible();
  expect(tabs().map((tab) => tab.getAttribute("aria-current"))).toEqual([null, "page"]);
});
