import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Ad } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const CAMPAIGN = "0199aaaa-0000-7000-8000-000000000100";

function ad(part: Partial<Ad>): Ad {
  return {
    id: "0199aaaa-0000-7000-8000-0000000000d1",
    ad_account_id: "0199aaaa-0000-7000-8000-0000000000a1",
    campaign_id: CAMPAIGN,
    campaign_name: "Broad DE",
    ad_set_id: null,
    ad_set_name: "18+",
    platform: "meta",
    external_id: "120210000010300101",
    name: "Coat 1",
    status: "active",
    effective_status: "active",
    review: "approved",
    review_reasons: [],
    reviewed_at: "2026-11-23T05:00:00Z",
    creative_id: null,
    creative_kind: "image",
    headline: "Ready for the weather",
    body: "Coats that keep the rain out.",
    call_to_action: "Shop now",
    landing_url: "https://shop.northwind.example/new",
    image_url: null,
    media: null,
    platform_updated_at: null,
    synced_at: "2026-11-23T05:00:00Z",
    gone: false,
    ...part,
  };
}

const REFUSED = ad({
  id: "0199aaaa-0000-7000-8000-0000000000d2",
  name: "Coat 2",
  effective_status: "disapproved",
  review: "disapproved",
  review_reasons: ["Misleading claims: no coat does this"],
  landing_url: "javascript:alert(1)",
});

function pageOf(items: Ad[], pages = 1) {
  return {
    items,
    total: items.length * pages,
    total_capped: false,
    page: 1,
    limit: 20,
    pages,
    has_next: pages > 1,
    has_prev: false,
  };
}

function shop() {
  const { server } = quietTenant();
  const campaign = {
    id: CAMPAIGN,
    ad_account_id: "0199aaaa-0000-7000-8000-0000000000a1",
    platform: "meta",
    external_id: "120200",
    name: "Broad DE",
    objective: null,
    status: "active",
    effective_status: "active",
    budget_level: "campaign",
    daily_budget_micros: 120_000_000,
    lifetime_budget_micros: null,
    currency: "EUR",
    learning: false,
    synced_at: "2026-11-23T05:00:00Z",
    spend_micros: null,
    conversions: null,
    conversion_value_micros: null,
    roas: null,
    labels: [],
    ad_sets: [],
  };
  server.on(`GET /campaigns/${CAMPAIGN}`, campaign);
  server.on(`GET /campaigns/${CAMPAIGN}/metrics`, { days: [], currency: "EUR", timezone: "UTC" });
  return server;
}

test("an ad is shown with its words, and one that is refused says why before it is opened", async () => {
  const server = shop();
  server.on("GET /campaigns/ads", pageOf([ad({}), REFUSED]));
  server.on(`GET /campaigns/ads/${REFUSED.id}`, {
    ...REFUSED,
    reviews: [
      { seen_at: "2026-11-23T05:00:00Z", review: "disapproved", reasons: REFUSED.review_reasons },
      { seen_at: "2026-11-20T05:00:00Z", review: "approved", reasons: [] },
    ],
  });
  const { user } = open(`/campaigns/${CAMPAIGN}`);
  const ads = within(await screen.findByRole("region", { name: "Ads" }));
  expect(await ads.findByText("Coat 1")).toBeVisible();
  expect(ads.getByText("Misleading claims: no coat does this")).toBeVisible();
  expect(ads.getByText("2 ads")).toBeVisible();
  expect(ads.getAllByText("Disapproved", { selector: "span" })).toHaveLength(1);
  expect(server.asked(`GET /campaigns/ads/${REFUSED.id}`)).toHaveLength(0);
  await user.click(ads.getByText("Coat 2"));
  const verdicts = within(await ads.findByRole("region", { name: "Verdicts" }));
  expect((await verdicts.findAllByRole("listitem")).length).toBe(3);
  expect(verdicts.getByText("Approved")).toBeVisible();
});

test("only an address of the web becomes a link", async () => {
  const server = shop();
  server.on("GET /campaigns/ads", pageOf([ad({}), REFUSED]));
  open(`/campaigns/${CAMPAIGN}`);
  const ads = within(await screen.findByRole("region", { name: "Ads" }));
  expect(await ads.findByText("javascript:alert(1)")).toBeInTheDocument();
  const links = ads.getAllByRole("link", { hidden: true });
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://shop.northwind.example/new"]);
});

test("a verdict is chosen, and the list begins anew", async () => {
  const server = shop();
  const asked: string[] = [];
  server.on("GET /campaigns/ads", (request) => {
    asked.push(new URL(request.url).search);
    return request.url.includes("review=pending") ? pageOf([]) : pageOf([ad({})], 2);
  });
  const { user } = open(`/campaigns/${CAMPAIGN}`);
  const ads = within(await screen.findByRole("region", { name: "Ads" }));
  await user.click(await ads.findByRole("button", { name: "Next" }));
  await user.selectOptions(ads.getByLabelText("Review"), "pending");
  expect(await ads.findByText("None of its ads has this verdict.")).toBeVisible();
  expect(asked.at(-2)).toContain("page=2");
  expect(asked.at(-1)).toContain("page=1");
});
