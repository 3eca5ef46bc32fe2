import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant, triageItem } from "@/testing/fixtures";
import { problem } from "@/testing/server";

test("the most pressing matter stands first, with its reason and the way to it", async () => {
  const { server } = quietTenant();
  server.on("GET /dashboard/triage", {
    items: [
      triageItem({ severity: "info", title: "An edit elsewhere" }),
      triageItem({
        severity: "critical",
        kind: "incident",
        title: "Events stopped",
        reason: "0 of 214 arrived.",
      }),
    ],
    counts: {},
  });
  open("/");
  const list = (await screen.findByRole("heading", { name: "Events stopped" })).closest("ul");
  const [first] = within(list ?? document.body).getAllByRole("listitem");
  expect(first).toHaveTextContent("Events stopped");
  expect(first).toHaveTextContent("0 of 214 arrived.");
  expect(within(first ?? document.body).getByRole("link", { name: "Review" })).toHaveAttribute(
    "href",
    "/autopilot",
  );
});

test("a figure that nobody knows is a dash with the reason, not a zero", async () => {
  quietTenant();
  open("/");
  const spend = (await screen.findByText("Spend today")).parentElement;
  expect(spend).toHaveTextContent("—");
  expect(spend).toHaveTextContent("no metrics yet");
  expect(spend).not.toHaveTextContent("0");
});

test("a part that fails says why and can be tried again, while the rest stands", async () => {
  const { server } = quietTenant();
  server.on("GET /dashboard/triage", () => problem(500, "internal", "An unexpected error occurred"));
  const { user } = open("/");
  expect(await screen.findByText(/internal · request req-7/)).toBeVisible();
  expect(screen.getByText("Events, last hour")).toBeVisible();
  server.on("GET /dashboard/triage", { items: [], counts: {} });
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Nothing waits for you.")).toBeVisible();
});
