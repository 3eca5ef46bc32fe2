import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { changesIn, fieldsFor, type Name, type Settings, shown } from "./settings";

const FIELDS = fieldsFor("performance_scaling");

const SETTINGS: Settings = {
  target_roas: 2,
  dead_band: 0.07,
  raise_step: 0.15,
  cut_step: 0.2,
  window_days: 7,
  minimum_maturity: 0.95,
  minimum_conversions: 30,
  floor_micros: 5_000_000,
  ceiling_micros: null,
};

function form(written: Partial<Record<Name, string>>): FormData {
  const data = new FormData();
  for (const field of FIELDS) data.set(field.name, written[field.name] ?? shown(field, SETTINGS));
  return data;
}

test("a form that nobody touched changes nothing", () => {
  expect(changesIn(form({}), FIELDS, SETTINGS)).toEqual({});
});

test("shares are written as per cent, amounts as amounts", () => {
  expect(form({}).get("dead_band")).toBe("7");
  expect(
    changesIn(form({ raise_step: "7", floor_micros: "12,5", ceiling_micros: "100" }), FIELDS, SETTINGS),
  ).toEqual({
    raise_step: 0.07,
    floor_micros: 12_500_000,
    ceiling_micros: 100_000_000,
  });
});

test("an empty ceiling is none, an empty floor is an error", () => {
  const capped = { ...SETTINGS, ceiling_micros: 9_000_000 };
  expect(changesIn(form({ ceiling_micros: "" }), FIELDS, capped)).toEqual({ ceiling_micros: null });
  expect(() => changesIn(form({ floor_micros: "" }), FIELDS, SETTINGS)).toThrow(ApiError);
});

test("days are whole", () => {
  expect(() => changesIn(form({ window_days: "2.5" }), FIELDS, SETTINGS)).toThrow(ApiError);
});

test("each strategy has settings of its own", () => {
  expect(fieldsFor("reallocation").map(({ name }) => name)).toContain("most_unknown");
  expect(fieldsFor("ad_fatigue").map(({ name }) => name)).not.toContain("target_roas");
  expect(fieldsFor("something else")).toEqual([]);
});
