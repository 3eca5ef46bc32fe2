import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Shop, ShopSync } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const ID = "0199aaaa-0000-7000-8000-0000000000d1";
const SHOP: Shop = {
  id: ID,
  provider: "shopify",
  domain: "northwind.myshopify.com",
  name: "Northwind",
  currency: "USD",
  enabled: true,
  status: "active",
  order_reference: "id",
  wait_minutes: 15,
  customer_ids: false,
  orders: 412,
  orders_told: 37,
  orders_covered: 361,
  orders_waiting: 9,
  orders_unnamed: 5,
  is_reading: false,
  subscribed: true,
  last_webhook_at: "2026-11-23T05:01:00Z",
  last_synced_at: "2026-11-23T05:00:00Z",
  next_sync_at: null,
  error_code: "shopify.THROTTLED",
  error: "Throttled",
  created_at: "2026-11-23T05:00:00Z",
};
const SYNC: ShopSync = {
  id: ID,
  started_at: "2026-11-23T05:00:00Z",
  finished_at: "2026-11-23T05:00:10Z",
  orders_read: 411,
  orders_told: 36,
  orders_covered: 360,
  orders_unnamed: 4,
  refunds_told: 12,
  rejected: 0,
  error_code: null,
  error: null,
};
const WRITER = ["integrations.shops:read", "integrations.shops:write"];

function tenant(shops: readonly Shop[], permissions = WRITER) {
  const { server } = quietTenant(permissions);
  server.on("GET /integrations/connections", { items: [], total: 0, page: 1, limit: 200, pages: 0 });
  server.on("GET /integrations/connections/platforms", []);
  server.on("GET /integrations/shops", { items: shops, total: shops.length, page: 1, limit: 200, pages: 1 });
  server.on("GET /integrations/shops/providers", [
    { provider: "shopify", name: "Shopify", example: "northwind.myshopify.com", signs_in: true },
  ]);
  server.on(`GET /integrations/shops/${ID}/syncs`, { items: [SYNC], next_cursor: null, limit: 5 });
  return server;
}

test("a connected shop says how it goes, and is read when somebody wants it", async () => {
  const server = tenant([SHOP]);
  server.on(`POST /integrations/shops/${ID}/sync`, { task: "integrations.shops.sync" });
  const { user } = open("/connect");
  const shown = within(await screen.findByRole("region", { name: SHOP.name }));
  expect(shown.getByText("shopify.THROTTLED")).toBeVisible();
  expect(shown.getByText("37, 361")).toBeVisible();
  expect(await shown.findByText("360")).toBeVisible();
  await user.click(shown.getByRole("button", { name: "Run now" }));
  expect(server.asked(`POST /integrations/shops/${ID}/sync`)).toHaveLength(1);
});

test("how it is told is chosen", async () => {
  const server = tenant([SHOP]);
  server.on(`PATCH /integrations/shops/${ID}`, SHOP);
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "How it is told" }));
  const form = within(await screen.findByRole("dialog"));
  await user.selectOptions(form.getByRole("combobox", { name: /call an order by/ }), "name");
  const minutes = form.getByRole("spinbutton", { name: /Minutes/ });
  await user.clear(minutes);
  await user.type(minutes, "0");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(server.asked(`PATCH /integrations/shops/${ID}`)[0]?.body).toEqual({
    order_reference: "name",
    wait_minutes: 0,
    customer_ids: false,
  });
});

test("an address that is no shop's is refused beside its field", async () => {
  const server = tenant([]);
  const fields = [{ field: "body.domain", message: "Write the shop's own address.", code: "x" }];
  server.on("POST /integrations/shops/shopify/authorize", () =>
    problem(422, "integrations.shops.domain_invalid", "This is no shop's own address.", fields),
  );
  const { user } = open("/connect");
  const field = await screen.findByRole("textbox", { name: "Your shop’s address at Shopify" });
  await user.type(field, "northwind.example");
  await user.click(screen.getByRole("button", { name: "Connect Shopify" }));
  expect(await screen.findByText("Write the shop's own address.")).toBeVisible();
  expect(server.asked("POST /integrations/shops/shopify/authorize")[0]?.body).toEqual({
    domain: "northwind.example",
  });
});

test("who may not connect one is told who may", async () => {
  tenant([], ["integrations.shops:read"]);
  open("/connect");
  expect(await screen.findByText("An administrator connects a shop.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Connect Shopify" })).toBeNull();
});
