import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { CrmAccount, CrmPush, CrmSync } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const ID = "0199aaaa-0000-7000-8000-0000000000c1";
const ACCOUNT: CrmAccount = {
  id: ID,
  provider: "hubspot",
  external_id: "24680135",
  name: "HubSpot 24680135",
  currency: "USD",
  enabled: true,
  status: "active",
  mapping: [{ property: "email", to: "email", name: null, direction: "from", wins: "newest" }],
  is_writable: true,
  can_write: false,
  can_write_deals: false,
  clear_on_erasure: false,
  refused: [],
  deal_mapping: [],
  deal_refused: [],
  creates_as: ["contact"],
  create_segment_id: null,
  create_as: "contact",
  create_per_day: 100,
  created: 0,
  not_created: 0,
  next_write_at: null,
  waiting: 0,
  faults: 0,
  departures: 0,
  deals_misreported: 0,
  webhook_at: null,
  webhook_notices: 0,
  webhooks_refused: 0,
  webhook_refused_at: null,
  webhook_refused_why: null,
  won_event: "Order Completed",
  contacts: 299,
  deals: 113,
  deals_told: 56,
  is_reading: false,
  last_synced_at: "2026-11-23T05:00:00Z",
  next_sync_at: null,
  error_code: "hubspot.RATE_LIMITS",
  error: "You have reached your secondly limit.",
  created_at: "2026-11-23T05:00:00Z",
};
const SYNC: CrmSync = {
  id: ID,
  started_at: "2026-11-23T05:00:00Z",
  finished_at: "2026-11-23T05:00:10Z",
  contacts_read: 299,
  contacts_told: 298,
  contacts_unnamed: 1,
  deals_read: 113,
  deals_told: 56,
  contacts_gone: 0,
  deals_gone: 0,
  rejected: 0,
  error_code: null,
  error: null,
};
const PUSH: CrmPush = {
  id: ID,
  started_at: "2026-11-23T05:00:00Z",
  finished_at: "2026-11-23T05:00:10Z",
  compared: 41,
  written: 37,
  deals: 5,
  values: 52,
  told: 3,
  created: 0,
  failed: 1,
  error_code: null,
  error: null,
};
const FAULT = {
  kind: "contacts",
  contact: "100000007",
  code: "hubspot.VALIDATION_ERROR",
  properties: ["stratum_order_count"],
  attempts: 1,
  next_at: null,
};
const WRITER = ["integrations.crm:read", "integrations.crm:write"];

function tenant(accounts: readonly CrmAccount[], permissions = WRITER) {
  const { server } = quietTenant(permissions);
  server.on("GET /integrations/connections", { items: [], total: 0, page: 1, limit: 200, pages: 0 });
  server.on("GET /integrations/connections/platforms", []);
  server.on("GET /integrations/crm", {
    items: accounts,
    total: accounts.length,
    page: 1,
    limit: 200,
    pages: 1,
  });
  server.on("GET /integrations/crm/providers", [
    { provider: "hubspot", name: "HubSpot", signs_in: true },
    { provider: "salesforce", name: "Salesforce", signs_in: true },
  ]);
  server.on(`GET /integrations/crm/${ID}/writes`, { items: [PUSH], next_cursor: null, limit: 5 });
  server.on(`GET /integrations/crm/${ID}/faults`, { items: [FAULT] });
  server.on(`GET /integrations/crm/${ID}/syncs`, { items: [SYNC], next_cursor: null, limit: 5 });
  return server;
}

test("a connected CRM says how it goes, and is read when somebody wants it", async () => {
  const server = tenant([ACCOUNT]);
  server.on(`POST /integrations/crm/${ID}/sync`, { task: "integrations.crm.sync" });
  const { user } = open("/connect");
  const shown = within(await screen.findByRole("region", { name: ACCOUNT.name }));
  expect(shown.getByText("hubspot.RATE_LIMITS")).toBeVisible();
  expect(shown.getByText("113, 56")).toBeVisible();
  expect(await shown.findByText("298")).toBeVisible();
  await user.click(shown.getByRole("button", { name: "Run now" }));
  expect(server.asked(`POST /integrations/crm/${ID}/sync`)).toHaveLength(1);
});

test("what is told is chosen, and a won deal may be told as nothing", async () => {
  const server = tenant([ACCOUNT]);
  server.on(`GET /integrations/crm/${ID}/properties`, {
    items: [{ name: "email", label: "Email", type: "string", is_read_only: false, is_standard: true }],
  });
  server.on(`PATCH /integrations/crm/${ID}`, ACCOUNT);
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "What is told" }));
  const form = within(await screen.findByRole("dialog"));
  await form.findByRole("combobox", { name: "Property 1" });
  await user.selectOptions(form.getByRole("combobox", { name: "A won deal is told as" }), "None");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(server.asked(`PATCH /integrations/crm/${ID}`)[0]?.body).toEqual({
    mapping: ACCOUNT.mapping,
    won_event: null,
    clear_on_erasure: false,
  });
});

test("a property goes both ways, once somebody has allowed writing", async () => {
  const server = tenant([{ ...ACCOUNT, can_write: true }]);
  server.on(`GET /integrations/crm/${ID}/properties`, {
    items: [
      { name: "email", label: "Email", type: "string", is_read_only: false, is_standard: true },
      { name: "city", label: "City", type: "string", is_read_only: false, is_standard: true },
    ],
  });
  server.on(`PATCH /integrations/crm/${ID}`, ACCOUNT);
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "What is told" }));
  const form = within(await screen.findByRole("dialog"));
  await user.click(await form.findByRole("button", { name: "One more" }));
  await user.selectOptions(form.getByRole("combobox", { name: "Property 2" }), "City");
  await user.selectOptions(form.getByRole("combobox", { name: "Direction of property 2" }), "Both ways");
  const winner = form.getByRole("combobox", { name: "Where both changed property 2" });
  await user.selectOptions(winner, "The CRM wins");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(server.asked(`PATCH /integrations/crm/${ID}`)[0]?.body).toMatchObject({
    mapping: [
      ACCOUNT.mapping[0],
      { property: "city", to: "trait", name: "company", direction: "both", wins: "crm" },
    ],
  });
});

test("what could not be written stands below, and writing is asked for by a sign-in", async () => {
  const server = tenant([{ ...ACCOUNT, faults: 1 }]);
  server.on("POST /integrations/crm/hubspot/authorize", { authorize_url: "#there", state: "s" });
  const { user } = open("/connect");
  expect(await screen.findByText("stratum_order_count")).toBeVisible();
  expect(await screen.findByText("37")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Allow writing" }));
  expect(server.asked("POST /integrations/crm/hubspot/authorize")[0]?.body).toEqual({
    writes: true,
    writes_deals: false,
  });
});

test("a property that the CRM takes no value of is said with its reason", async () => {
  const message = '"city" is a read only property; its value cannot be set.';
  tenant([{ ...ACCOUNT, refused: [{ property: "city", code: "hubspot.READ_ONLY_VALUE", message }] }]);
  open("/connect");
  const shown = within(await screen.findByRole("group", { name: "Properties that the CRM refuses" }));
  expect(shown.getByText("city")).toBeVisible();
  expect(shown.getByText("hubspot.READ_ONLY_VALUE")).toBeVisible();
  expect(shown.getByText(message)).toBeVisible();
});

test("who would be created is counted before it is switched on", async () => {
  const server = tenant(
    [{ ...ACCOUNT, can_write: true, creates_as: ["contact", "lead"] }],
    [...WRITER, "cdp.segments:read"],
  );
  const segment = { id: ID, name: "Friends" };
  server.on("GET /cdp/segments", { items: [segment], total: 1, page: 1, limit: 200, pages: 1 });
  server.on(`POST /integrations/crm/${ID}/creation-preview`, {
    members: 40,
    with_email: 31,
    allowed: 20,
    known: 8,
    to_create: 12,
    is_whole: true,
  });
  server.on(`PATCH /integrations/crm/${ID}`, ACCOUNT);
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "Who is created" }));
  const form = within(await screen.findByRole("dialog"));
  await form.findByRole("option", { name: "Friends" });
  await user.selectOptions(form.getByRole("combobox", { name: "Segment" }), "Friends");
  expect(await form.findByText("12 would be created.")).toBeVisible();
  await user.selectOptions(form.getByRole("combobox", { name: "Created as" }), "lead");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(server.asked(`POST /integrations/crm/${ID}/creation-preview`)[0]?.body).toEqual({ segment_id: ID });
  expect(server.asked(`PATCH /integrations/crm/${ID}`)[0]?.body).toEqual({
    create_segment_id: ID,
    create_as: "lead",
    create_per_day: 100,
  });
});

const DEAL_PROPERTIES = [
  { name: "amount", label: "Amount", type: "number", is_read_only: false, is_standard: true },
  { name: "came_by", label: "Came by", type: "string", is_read_only: false, is_standard: false },
  { name: "worth", label: "Worth", type: "number", is_read_only: false, is_standard: false },
];

test("deals are given how their person came, in properties of one's own alone", async () => {
  const server = tenant([{ ...ACCOUNT, can_write: true, can_write_deals: true }]);
  server.on(`GET /integrations/crm/${ID}/properties`, { items: DEAL_PROPERTIES });
  server.on(`PATCH /integrations/crm/${ID}`, ACCOUNT);
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "What deals hold" }));
  const form = within(await screen.findByRole("dialog"));
  await user.click(await form.findByRole("button", { name: "One more" }));
  expect(form.queryByRole("option", { name: "Amount" })).toBeNull();
  await user.click(form.getByRole("button", { name: "One more" }));
  const holds = form.getByRole("combobox", { name: "Deal property 2 holds" });
  await user.selectOptions(holds, "What they have bought");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(server.asked(`PATCH /integrations/crm/${ID}`)[0]?.body).toEqual({
    deal_mapping: [
      { property: "came_by", to: "first_touch", name: "source" },
      { property: "worth", to: "lifetime_value", name: null },
    ],
  });
});

test("the right to write deals is asked for by a sign-in of its own", async () => {
  const server = tenant([{ ...ACCOUNT, can_write: true }]);
  server.on("POST /integrations/crm/hubspot/authorize", { authorize_url: "#there", state: "s" });
  const { user } = open("/connect");
  await user.click(await screen.findByRole("button", { name: "What deals hold" }));
  await user.click(await screen.findByRole("button", { name: "Allow writing deals" }));
  expect(server.asked("POST /integrations/crm/hubspot/authorize")[0]?.body).toEqual({
    writes: true,
    writes_deals: true,
  });
});

test("who may not connect one is told who may", async () => {
  tenant([], ["integrations.crm:read"]);
  open("/connect");
  expect(await screen.findByText("An administrator connects a CRM.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Connect HubSpot" })).toBeNull();
});

test("nobody is asked to allow the writing of a CRM that cannot be written", async () => {
  tenant([{ ...ACCOUNT, is_writable: false }]);
  open("/connect");
  const shown = within(await screen.findByRole("region", { name: ACCOUNT.name }));
  expect(shown.getByText("Not allowed")).toBeVisible();
  expect(shown.queryByRole("button", { name: "Allow writing" })).toBeNull();
});

test("a second CRM is offered beside the one that is connected", async () => {
  tenant([ACCOUNT]);
  open("/connect");
  expect(await screen.findByRole("button", { name: "Connect Salesforce" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Connect HubSpot" })).toBeNull();
});

test("what the CRM says by itself is shown, with what was refused and who is gone", async () => {
  const told: CrmAccount = {
    ...ACCOUNT,
    webhook_at: "2026-11-23T05:00:00Z",
    webhook_notices: 12,
    webhooks_refused: 3,
    webhook_refused_at: "2026-11-23T05:00:00Z",
    webhook_refused_why: "signature",
    departures: 1,
    deals_misreported: 2,
  };
  const server = tenant([told]);
  server.on(`GET /integrations/crm/${ID}/departures`, {
    items: [
      {
        contact: "100000009",
        why: "merged",
        merged_into: "100000001",
        gone_at: "2026-11-23T05:00:00Z",
        noticed_at: "2026-11-23T05:00:00Z",
      },
    ],
  });
  open("/connect");
  const shown = within(await screen.findByRole("region", { name: ACCOUNT.name }));
  expect(shown.getByText(/3 refused; the last: its signature was wrong/)).toBeVisible();
  expect(shown.getByText(/2 reported with another amount/)).toBeVisible();
  const gone = within(await shown.findByRole("group", { name: "Contacts that are no longer there" }));
  expect(gone.getByText("Merged into another")).toBeVisible();
  expect(gone.getByText("100000009")).toBeVisible();
});
