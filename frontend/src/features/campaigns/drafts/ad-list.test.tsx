import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { AdAccount, Asset, CampaignOffer, CampaignPlan } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const ID = "0199aaaa-0000-7000-8000-0000000000d1";
const ACCOUNT = "0199aaaa-0000-7000-8000-0000000000c1";
const IMAGE = "0199aaaa-0000-7000-8000-0000000000a1";
const PERMISSIONS = ["campaigns.drafts:read", "campaigns.drafts:write", "campaigns.assets:read"];
const ADS: CampaignOffer["ads"] = {
  calls_to_action: ["shop_now", "learn_more"],
  longest_name: 387,
  longest_headline: 255,
  longest_body: 1024,
  identity: "the Facebook page's number",
  longest_brand: 0,
  has_logo: false,
  counts_width: false,
  one_line: false,
  most: 50,
};
/** As Google has it: no page, a brand and its logo. */
const BRANDED: CampaignOffer["ads"] = {
  ...ADS,
  longest_headline: 30,
  longest_body: 90,
  identity: null,
  longest_brand: 25,
  has_logo: true,
  counts_width: true,
  one_line: true,
};
const LOGO = "0199aaaa-0000-7000-8000-0000000000a2";
const PLAN: CampaignPlan = {
  name: "Spring",
  objective: "traffic",
  ad_sets: [{ name: "Runners", countries: ["US"], ads: [] }],
};

function room(ads: CampaignOffer["ads"], plan = PLAN, faults: object[] = []) {
  const { server } = quietTenant(PERMISSIONS);
  const asset = { id: IMAGE, name: "ridge.jpg", format: "jpeg", width: 1200, height: 628 };
  const fitting = { size_bytes: 1, tags: [], fits: ["meta.feed"], draft_platforms: ["meta"] };
  const found = { ...asset, ...fitting, draft_parts: ["meta.picture"] };
  const logo = { ...asset, ...fitting, id: LOGO, name: "ridge-logo.png", draft_parts: ["meta.logo"] };
  server.on(`GET /campaigns/drafts/${ID}`, {
    id: ID,
    ad_account_id: ACCOUNT,
    platform: "meta",
    name: "Spring",
    status: "draft",
    version: 1,
    plan,
    log: [],
    may_approve: false,
  });
  server.on("GET /campaigns/drafts/offers", [
    {
      platform: "meta",
      objectives: ["traffic"],
      bid_strategies: ["lowest_cost"],
      budget_levels: ["campaign"],
      ads,
    },
  ]);
  server.on("GET /integrations/ad-accounts", {
    items: [{ id: ACCOUNT, name: "Shop", platform: "meta", currency: "USD" } as AdAccount],
    has_next: false,
  });
  server.on(`GET /campaigns/drafts/${ID}/validation`, {
    version: 1,
    valid: faults.length === 0,
    least_daily_micros: null,
    faults,
  });
  const items = [found, logo] as Partial<Asset>[];
  server.on("GET /campaigns/assets", { items, next_cursor: null, limit: 24 });
  for (const each of [found, logo]) {
    server.on(`GET /campaigns/assets/${each.id}`, each);
    server.on(
      `GET /campaigns/assets/${each.id}/thumbnail`,
      () => new Response("RIFF", { headers: { "Content-Type": "image/webp" } }),
    );
  }
  open(`/campaigns/drafts/${ID}`);
  return server;
}

function type(label: string, value: string) {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

test("an ad is written, its image chosen and previewed, and all of it is saved", async () => {
  const server = room(ADS);
  server.on(`PUT /campaigns/drafts/${ID}`, {});
  fireEvent.click(await screen.findByRole("button", { name: "Add an ad to ad set 1" }));
  type("Name of ad 1 of ad set 1", "Ridge");
  type("Headline of ad 1 of ad set 1", "Down the ridge, dry");
  type("Text of ad 1 of ad set 1", "Light shoes.");
  type("Button of ad 1 of ad set 1", "shop_now");
  type("Landing page of ad 1 of ad set 1", "https://northwind.example/trail");
  type("Ads are shown as", "770000000000001");
  fireEvent.click(screen.getByRole("button", { name: "Choose the image of ad 1 of ad set 1" }));
  fireEvent.click(await screen.findByRole("checkbox", { name: "ridge.jpg" }));
  fireEvent.click(screen.getByRole("button", { name: "Done" }));
  const preview = await screen.findByRole("figure", { name: "Preview of ad 1 of ad set 1" });
  expect(await within(preview).findByRole("img", { name: "Image ridge.jpg" })).toBeVisible();
  expect(preview).toHaveTextContent("Light shoes.northwind.exampleDown the ridge, dryShop now");
  fireEvent.click(screen.getByRole("button", { name: "Save the plan" }));
  await waitFor(() => {
    expect(server.asked(`PUT /campaigns/drafts/${ID}`)).toHaveLength(1);
  });
  const { plan } = server.asked(`PUT /campaigns/drafts/${ID}`)[0]?.body as { plan: CampaignPlan };
  expect(plan.identity?.page).toBe("770000000000001");
  expect(plan.ad_sets?.[0]?.ads).toEqual([
    {
      name: "Ridge",
      headline: "Down the ridge, dry",
      body: "Light shoes.",
      call_to_action: "shop_now",
      landing_url: "https://northwind.example/trail",
      asset: IMAGE,
    },
  ]);
});

test("what stands in an ad's way is told beside its field", async () => {
  const plan = {
    ...PLAN,
    ad_sets: [{ name: "Runners", ads: [{ name: "", headline: "", body: "", landing_url: "" }] }],
  };
  room(ADS, plan, [
    { field: "plan.ad_sets.0.ads.0.landing_url", code: "missing", message: "Say where it leads." },
    { field: "plan.ad_sets.0.ads.0.asset", code: "missing", message: "Choose its image." },
    { field: "plan.identity.page", code: "missing", message: "Name the page." },
  ]);
  expect(await screen.findByText("Say where it leads.")).toBeVisible();
  expect(screen.getByLabelText("Landing page of ad 1 of ad set 1")).toHaveAccessibleDescription(
    "Say where it leads.",
  );
  expect(screen.getByLabelText("Ads are shown as")).toHaveAccessibleDescription("Name the page.");
  expect(screen.getByText("Choose its image.")).toHaveAttribute("role", "alert");
});

test("where ads show a brand and its logo, both are asked for, previewed and saved, and no page is", async () => {
  const server = room(BRANDED, {
    ...PLAN,
    ad_sets: [
      {
        name: "Runners",
        ads: [{ name: "Ridge", headline: "Dry", body: "Light.", landing_url: "", asset: IMAGE }],
      },
    ],
  });
  server.on(`PUT /campaigns/drafts/${ID}`, {});
  expect(await screen.findByLabelText("Brand")).toHaveAccessibleDescription(
    "At most 25 characters; a letter such as 字 counts twice.",
  );
  expect(screen.getByLabelText("Headline of ad 1 of ad set 1")).toHaveAccessibleDescription(
    "At most 30 characters; a letter such as 字 counts twice.",
  );
  expect(screen.getByLabelText("Text of ad 1 of ad set 1")).toHaveAccessibleDescription(
    "At most 90 characters; a letter such as 字 counts twice; one line.",
  );
  expect(screen.queryByLabelText("Ads are shown as")).toBeNull();
  type("Brand", "Northwind");
  fireEvent.click(screen.getByRole("button", { name: "Choose the logo of the brand" }));
  const picture = await screen.findByRole("checkbox", { name: "ridge.jpg" });
  expect(picture).toHaveAccessibleDescription(/fits no placement of Meta/);
  const logo = screen.getByRole("checkbox", { name: "ridge-logo.png" });
  expect(logo).toHaveAccessibleDescription(/fits Meta/);
  fireEvent.click(logo);
  fireEvent.click(screen.getByRole("button", { name: "Done" }));
  const preview = await screen.findByRole("figure", { name: "Preview of ad 1 of ad set 1" });
  expect(await within(preview).findByRole("img", { name: "The logo" })).toBeVisible();
  expect(preview).toHaveTextContent("NorthwindLight.Dry");
  fireEvent.click(screen.getByRole("button", { name: "Save the plan" }));
  await waitFor(() => {
    expect(server.asked(`PUT /campaigns/drafts/${ID}`)).toHaveLength(1);
  });
  const { plan } = server.asked(`PUT /campaigns/drafts/${ID}`)[0]?.body as { plan: CampaignPlan };
  expect(plan.identity).toEqual({ page: "", brand: "Northwind", logo: LOGO });
});

test("where ads are made at the platform itself, that is said and none can be added", async () => {
  room(null);
  expect(await screen.findByText("Ads are made at Meta itself, not from here yet.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Add an ad to ad set 1" })).toBeNull();
});
