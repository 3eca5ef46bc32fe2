import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { action, quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

function waiting() {
  const { server } = quietTenant();
  return server.on("GET /autopilot/actions", { items: [action({})], next_cursor: null, limit: 50 });
}

test("what is to be approved shows what it was and what it becomes", async () => {
  waiting();
  open("/autopilot");
  const line = (await screen.findByRole("link", { name: "Increase budget" })).closest("li");
  expect(line).toHaveTextContent("from €120.00to €144.00+20%");
});

test("an approval that the gate refuses says so beside the action", async () => {
  waiting().on(`POST /autopilot/actions/${action({}).id}/approve`, () =>
    problem(409, "trust_engine.blocked", "The gate blocks it: event loss is under its floor."),
  );
  const { user } = open("/autopilot");
  await user.click(await screen.findByRole("button", { name: "Approve" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The gate blocks it");
});

test("a dismissal carries its reason", async () => {
  const server = waiting().on(
    `POST /autopilot/actions/${action({}).id}/dismiss`,
    action({ state: "dismissed" }),
  );
  const { user } = open("/autopilot");
  await user.click(await screen.findByRole("button", { name: "Dismiss" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "Stock is low");
  await user.click(dialog.getByRole("button", { name: "Dismiss" }));
  await expect
    .poll(() => server.asked(`POST /autopilot/actions/${action({}).id}/dismiss`)[0]?.body)
    .toEqual({
      reason: "Stock is low",
    });
});

test("an approval that was given beforehand is not shown as if somebody had looked", async () => {
  const one = action({ state: "approved", approved_by: "dana@northwind.example", envelope_id: "e7" });
  const { server } = quietTenant();
  server.on(`GET /autopilot/actions/${one.id}`, { ...one, timeline: [] });
  open(`/autopilot/actions/${one.id}`);
  expect(await screen.findByText("Approved beforehand by")).toBeVisible();
  expect(screen.queryByText("Approved by")).toBeNull();
});
