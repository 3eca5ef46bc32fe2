import { describe, expect, test } from "vitest";
import { amount, decimal, micros, money } from "./money";

describe("money", () => {
  test("is formatted from integers, so that no cent is lost", () => {
    expect(decimal(1_284_370_000)).toBe("1284.370000");
    expect(decimal(-10_000)).toBe("-0.010000");
    expect(money(9_007_199_254_740_990, "EUR")).toContain("9,007,199,254.74");
  });

  test("follows its currency’s decimals", () => {
    expect(money(1_500_000_000, "JPY")).toBe("¥1,500");
    expect(amount(1_500_000_000, "JPY")).toBe("1500");
    expect(amount(12_500_000, "EUR")).toBe("12.50");
  });

  test("that a person types is read exactly, with a comma or a point", () => {
    expect(micros("144.10", "EUR")).toBe(144_100_000);
    expect(micros("144,1", "EUR")).toBe(144_100_000);
  });

  test.each(["", "abc", "-5", "1.005", "1e3", "1.2.3"])("refuses %j rather than guess", (text) => {
    expect(micros(text, "EUR")).toBeNull();
  });

  test("finer than the currency is refused", () => {
    expect(micros("10.5", "JPY")).toBeNull();
    expect(micros("10.00", "JPY")).toBe(10_000_000);
  });
});
