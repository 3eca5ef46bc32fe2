import { expect, test } from "vitest";
import type { CampaignPlan } from "@/api/types";
import { fieldsFrom, NEW_AD_SET, partWords, planFrom } from "./plan";

const PLAN: CampaignPlan = {
  name: "Spring",
  objective: "sales",
  budget: { level: "campaign", kind: "daily", amount_micros: 60_500_000 },
  schedule: { starts_at: "2026-12-01T09:30:00", ends_at: null },
  bid: { strategy: "cost_cap", amount_micros: 12_000_000 },
  ad_sets: [
    {
      name: "Runners",
      countries: ["US", "HU"],
      age_min: 18,
      age_max: null,
      budget_micros: null,
      assets: ["0199aaaa-0000-7000-8000-0000000000a2"],
      ads: [
        {
          name: "Ridge",
          headline: "Down the ridge, dry",
          body: "Light shoes.\nFree returns.",
          call_to_action: "shop_now",
          landing_url: "https://northwind.example/trail",
          asset: "0199aaaa-0000-7000-8000-0000000000a1",
        },
        { name: "", headline: "", body: "", call_to_action: null, landing_url: "", asset: null },
      ],
    },
  ],
  identity: {
    page: "770000000000001",
    brand: "Northwind",
    logo: "0199aaaa-0000-7000-8000-0000000000a3",
  },
  assets: ["0199aaaa-0000-7000-8000-0000000000a1"],
};

test("a plan comes back out of its form as it went in", () => {
  const fields = fieldsFrom(PLAN, "USD");
  expect(fields.budget).toBe("60.50");
  expect(planFrom(fields, "USD").plan).toEqual({
    ...PLAN,
    schedule: { starts_at: "2026-12-01T09:30", ends_at: null },
  });
});

test("what is no amount, age or country is told beside its field and not sent", () => {
  const fields = {
    ...fieldsFrom(PLAN, "USD"),
    budget: "12.345",
    adSets: [{ ...NEW_AD_SET, name: "Runners", countries: "US, Hungary", ageMin: "12" }],
  };
  const { plan, faults } = planFrom(fields, "USD");
  expect(plan).toBeNull();
  expect(Object.keys(faults ?? {})).toEqual([
    "plan.budget.amount_micros",
    "plan.ad_sets.0.countries",
    "plan.ad_sets.0.age_min",
  ]);
});

test("a budget stands at one level: what the other one held is not sent", () => {
  const fields = {
    ...fieldsFrom(PLAN, "USD"),
    level: "ad_set" as const,
    adSets: [{ ...NEW_AD_SET, name: "Runners", countries: "us", budget: "20" }],
  };
  const { plan } = planFrom(fields, "USD");
  expect(plan?.budget?.amount_micros).toBeNull();
  expect(plan?.ad_sets?.[0]).toMatchObject({ countries: ["US"], budget_micros: 20_000_000 });
});

test("the bid's cap goes with its strategy", () => {
  const fields = { ...fieldsFrom(PLAN, "USD"), strategy: "lowest_cost" as const };
  expect(planFrom(fields, "USD").plan?.bid).toEqual({ strategy: "lowest_cost", amount_micros: null });
});

test("parts are counted as people count", () => {
  const parts = ["campaign", "ad_sets.0", "images.0199", "ad_sets.1.ads.0.creative", "ad_sets.1.ads.0"];
  expect(parts.map(partWords)).toEqual([
    "Campaign",
    "Ad set 1",
    "Image",
    "Creative of ad 1 of ad set 2",
    "Ad 1 of ad set 2",
  ]);
});
