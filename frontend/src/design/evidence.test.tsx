import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Evidence } from "./evidence";

test("amounts are money in the currency that they were given", () => {
  render(<Evidence value={{ daily_budget_micros: 990_000_000 }} empty="" currency="USD" />);
  expect(screen.getByText("Daily budget")).toBeInTheDocument();
  expect(screen.getByText("$990.00")).toBeInTheDocument();
});

test("a part that names its own currency means its own", () => {
  const limits = { limits: { currency: "EUR", cap_micros: 5_000_000 } };
  render(<Evidence value={limits} empty="" currency="USD" />);
  expect(screen.getByText("€5.00")).toBeInTheDocument();
});

test("a part whose currency is empty means that of what it stands in", () => {
  render(<Evidence value={{ limits: { currency: "", cap_micros: 5_000_000 } }} empty="" currency="USD" />);
  expect(screen.getByText("$5.00")).toBeInTheDocument();
});

test("an amount without any currency says so rather than look like a plain number", () => {
  render(<Evidence value={{ cap_micros: 5_000_000 }} empty="" />);
  expect(screen.getByText("currency not recorded")).toBeInTheDocument();
});
