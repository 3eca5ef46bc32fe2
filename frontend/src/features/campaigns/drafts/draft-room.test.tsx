import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AdAccount, CampaignOffer, DraftDetail } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const DRAFT: DraftDetail = {
  id: "0199aaaa-0000-7000-8000-0000000000d1",
  ad_account_id: "0199aaaa-0000-7000-8000-0000000000c1",
  platform: "google",
  name: "Spring",
  status: "submitted",
  version: 3,
  created_by: "ana@northwind.example",
  created_at: "2026-11-23T05:00:00Z",
  updated_by: "ana@northwind.example",
  updated_at: "2026-11-23T05:00:00Z",
  submitted_by: "ana@northwind.example",
  submitted_at: "2026-11-23T05:00:00Z",
  decided_by: null,
  decided_at: null,
  decision_reason: null,
  external_id: null,
  published_at: null,
  error_code: null,
  error_detail: null,
  plan: { name: "Spring", objective: "traffic", ad_sets: [{ name: "Runners" }] },
  campaign_id: null,
  may_approve: true,
  log: [],
};
const OFFER: CampaignOffer = {
  platform: "google",
  offered: true,
  objectives: ["traffic"],
  bid_strategies: ["lowest_cost"],
  longest_name: 240,
  countries: null,
  takes_ages: false,
  budget_levels: ["campaign"],
  whole_days: true,
  declaration: "Google is told that this campaign holds no such advertising.",
  ads: null,
};

test("who approves reads what the platform is told in the company's name", async () => {
  const { server } = quietTenant(["campaigns.drafts:read", "campaigns.drafts:approve"]);
  const account = { id: DRAFT.ad_account_id, name: "Shop", platform: "google", currency: "USD" } as AdAccount;
  server.on(`GET /campaigns/drafts/${DRAFT.id}`, DRAFT);
  server.on("GET /campaigns/drafts/offers", [{ ...OFFER, platform: "meta", declaration: null }, OFFER]);
  server.on("GET /integrations/ad-accounts", { items: [account], has_next: false });
  server.on(`GET /campaigns/drafts/${DRAFT.id}/validation`, {
    version: 3,
    valid: true,
    least_daily_micros: null,
    faults: [],
  });
  open(`/campaigns/drafts/${DRAFT.id}`);
  expect(await screen.findByRole("button", { name: "Approve" })).toBeVisible();
  expect(await screen.findByRole("note")).toHaveTextContent(
    "Google is told that this campaign holds no such advertising. Who approves the campaign approves this too.",
  );
});
