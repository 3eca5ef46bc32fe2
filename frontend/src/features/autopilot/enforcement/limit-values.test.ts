import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { FIELDS, limitsFrom, shown, summary } from "./limit-values";

function form(written: Record<string, string>): FormData {
  const data = new FormData();
  for (const { name } of FIELDS) data.set(name, written[name] ?? "");
  return data;
}

const TENANT = {
  mode: "advisory",
  level: "0",
  increase_limit_pct: "30",
  total_raise_pct: "20",
  max_changes_per_day: "5",
  min_hours_between: "4",
  roas_lookback_days: "7",
};

test("an account leaves to the company what stands empty", () => {
  const said = limitsFrom(form({ level: "2", max_daily_budget_micros: "100,50" }), "EUR", true);
  expect(said.level).toBe(2);
  expect(said.max_daily_budget_micros).toBe(100_500_000);
  expect(said.mode).toBeNull();
  expect(said.max_changes_per_day).toBeNull();
});

test("amounts are sent with the currency that they are meant in", () => {
  expect(limitsFrom(form({ max_daily_budget_micros: "5" }), "JPY", true)).toMatchObject({
    currency: "JPY",
    max_daily_budget_micros: 5_000_000,
  });
  expect(limitsFrom(form({}), "", true).currency).toBeNull();
  expect(() => limitsFrom(form({}), "EU", true)).toThrow(ApiError);
});

test("the company must say what has no wider layer, and may go without a cap", () => {
  expect(limitsFrom(form(TENANT), "", false)).toMatchObject({ roas_floor: null, max_changes_per_day: 5 });
  expect(() => limitsFrom(form({ ...TENANT, max_changes_per_day: "" }), "", false)).toThrow(ApiError);
});

test("what cannot be read is its field's error, never a zero", () => {
  try {
    limitsFrom(
      form({ roas_floor: "abc", max_changes_per_day: "2.5", cpa_ceiling_micros: "1.005" }),
      "EUR",
      true,
    );
    expect.unreachable();
  } catch (error) {
    expect(Object.keys((error as ApiError).fields)).toEqual([
      "max_changes_per_day",
      "roas_floor",
      "cpa_ceiling_micros",
    ]);
  }
});

test("amounts are shown in the decimals of their currency", () => {
  const cap = FIELDS.find(({ name }) => name === "max_daily_budget_micros");
  if (cap === undefined) throw new Error("there is such a limit");
  expect(shown(cap, { max_daily_budget_micros: 1_500_000_000 }, "JPY")).toBe("1500");
  expect(shown(cap, { max_daily_budget_micros: 1_500_000_000 }, "")).toBe("1500.00");
  expect(shown(cap, {}, "EUR")).toBe("");
});

test("a layer is told in a line", () => {
  expect(summary({ level: 1, max_daily_budget_micros: 10_000_000 }, "EUR")).toBe(
    "Level 1 · Daily budget at most 10.00 EUR",
  );
});
