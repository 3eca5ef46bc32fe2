import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { budgetsIn } from "./budgets-form";

const DOLLARS = { id: "a", currency: "USD" };
const YEN = { id: "b", currency: "JPY" };

function form(written: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(written)) data.set(name, value);
  return data;
}

test("each account's budget is read in its own currency, an empty one is none", () => {
  expect(budgetsIn(form({ a: "1200,50", b: "" }), [DOLLARS, YEN], { b: 9_000_000 })).toEqual({
    a: 1_200_500_000,
  });
});

test("budgets of accounts that are not shown stay", () => {
  expect(budgetsIn(form({ a: "10" }), [DOLLARS], { b: 9_000_000 })).toEqual({
    a: 10_000_000,
    b: 9_000_000,
  });
});

test("nothing, and what is finer than the currency, is refused beside its account", () => {
  expect(() => budgetsIn(form({ a: "0" }), [DOLLARS], {})).toThrow(ApiError);
  expect(() => budgetsIn(form({ b: "10.5" }), [YEN], {})).toThrow(ApiError);
});
