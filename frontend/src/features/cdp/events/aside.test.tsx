import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Quarantined } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const EVENT: Quarantined = {
  event_id: "0199aaaa-0000-7000-8000-0000000000e1",
  message_id: "m-1",
  event_type: "track",
  event_name: "Order Completed",
  source_id: null,
  event_time: "2026-11-23T05:00:00Z",
  received_at: "2026-11-23T05:00:01Z",
  quarantined_at: "2026-11-23T05:00:02Z",
  code: "security.unsealable",
  reason: "Unsealable: what is stored cannot be opened",
};
const PATH = "/cdp/identity/quarantine";
const NONE = { items: [], next_cursor: null, limit: 50 };
const ONE = { ...NONE, items: [EVENT], total: 1 };

function withAside(permissions: readonly string[], page: object = ONE) {
  const { server } = quietTenant(permissions);
  return server
    .on(`GET ${PATH}`, page)
    .on("GET /cdp/events/stats", problem(404, "not_found", "No figures here."))
    .on("GET /cdp/sources", { ...NONE, has_next: false })
    .on("GET /cdp/profiles", NONE);
}

test("who looks at people is told what their figures lack, and led to the reason", async () => {
  withAside(["cdp.identity:read"]);
  const { user } = open("/people");
  const hint = await screen.findByText(/1 event is stored, but counted for nobody/);
  await user.click(within(hint).getByRole("link", { name: "See why" }));
  expect(await screen.findByText("1 event set aside.", { exact: false })).toBeVisible();
  expect(screen.getAllByText(/Whom it names cannot be read/)).not.toHaveLength(0);
  expect(screen.queryByRole("button", { name: "Count all again" })).toBeNull();
  expect(screen.getByText(/Managers and above can have them counted again/)).toBeVisible();
});

test("all are counted again at once, and one by itself; a refusal is shown", async () => {
  const server = withAside(["cdp.identity:read", "cdp.identity:write"]);
  server.on(`POST ${PATH}/${EVENT.event_id}/retry`, () =>
    problem(404, "cdp.identity.not_quarantined", "It was counted meanwhile."),
  );
  server.on(`POST ${PATH}/retry`, () => {
    server.on(`GET ${PATH}`, { ...NONE, total: 0 });
    return { queued: 1 };
  });
  const { user } = open("/events?show=aside");
  const line = within(await screen.findByRole("list", { name: "Set aside" }));
  await user.click(line.getByText("Order Completed"));
  await user.click(line.getByRole("button", { name: "Count it again" }));
  expect(await screen.findByText("It was counted meanwhile.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Count all again" }));
  expect(await screen.findByText(/Counting 1 event again/)).toBeVisible();
  expect(await screen.findByText("Every event was counted.")).toBeVisible();
});

test("nothing is hinted at where nothing is set aside", async () => {
  const server = withAside(["cdp.identity:read"], { ...NONE, total: 0 });
  open("/people");
  expect(await screen.findByText("Nobody is known yet.")).toBeVisible();
  await expect.poll(() => server.asked(`GET ${PATH}`)).toHaveLength(1);
  expect(screen.queryByText(/counted for nobody/)).toBeNull();
});

test("a count that ended early says so", async () => {
  withAside(["cdp.identity:read"], { ...ONE, total: 10_000 });
  open("/people");
  expect(await screen.findByText(/10,000 events or more are stored/)).toBeVisible();
});

test("who may not look is told so, and nothing is asked for", async () => {
  const server = withAside([]);
  open("/events?show=aside");
  expect(await screen.findByText("You cannot look at these.")).toBeVisible();
  expect(server.asked(`GET ${PATH}`)).toHaveLength(0);
});
