import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { PrivacyRequest } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const ID = "0199aaaa-0000-7000-8000-0000000000d1";
const PROPOSED: PrivacyRequest = {
  id: ID,
  kind: "erasure",
  status: "proposed",
  profile_id: "0199aaaa-0000-7000-8000-0000000000d2",
  reason: "HubSpot deleted contact 7 for good, as its person may ask.",
  requested_by: "HubSpot",
  requested_at: "2026-11-23T05:00:00Z",
  law: "gdpr",
  due_at: "2026-12-23T05:00:00Z",
  overdue: false,
  finished_at: null,
  expires_at: null,
  steps_done: 0,
  steps_total: 14,
  steps: [],
};

function tenant(permissions: string[]) {
  const { server } = quietTenant(permissions);
  server.on(`GET /cdp/privacy/requests/${ID}`, PROPOSED);
  return server;
}

test("an erasure that another system proposed is done after a second yes", async () => {
  const server = tenant(["cdp.privacy:read", "cdp.privacy:admin"]);
  server.on(`POST /cdp/privacy/requests/${ID}/confirm`, { ...PROPOSED, status: "queued" });
  const { user } = open(`/people/requests/${ID}`);
  expect(await screen.findByText("To be confirmed")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Erase" }));
  expect(server.asked(`POST /cdp/privacy/requests/${ID}/confirm`)).toHaveLength(0);
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Erase" }));
  expect(server.asked(`POST /cdp/privacy/requests/${ID}/confirm`)).toHaveLength(1);
});

test("it may be left as it is, by whoever may decide", async () => {
  const server = tenant(["cdp.privacy:read", "cdp.privacy:admin"]);
  server.on(`POST /cdp/privacy/requests/${ID}/dismiss`, { ...PROPOSED, status: "dismissed" });
  const { user } = open(`/people/requests/${ID}`);
  await user.click(await screen.findByRole("button", { name: "Leave as it is" }));
  expect(server.asked(`POST /cdp/privacy/requests/${ID}/dismiss`)).toHaveLength(1);
});

test("who may only read sees that somebody else decides", async () => {
  tenant(["cdp.privacy:read"]);
  open(`/people/requests/${ID}`);
  expect(await screen.findByText("An administrator decides.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Erase" })).toBeNull();
});
