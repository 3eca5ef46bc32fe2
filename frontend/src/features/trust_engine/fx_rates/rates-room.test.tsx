import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const RATE = {
  id: "0199aaaa-0000-7000-8000-0000000000f1",
  base: "HUF",
  quote: "EUR",
  rate: "0.002500000000",
  as_of: new Date().toISOString(),
  source: "ECB reference rates",
  recorded_by: "Dana Ortiz",
};
const EARLIER = { ...RATE, id: "0199aaaa-0000-7000-8000-0000000000f0", as_of: "2026-01-01T00:00:00Z" };

test("of each pair the newest rate alone is in use, while the policy lets it", async () => {
  const { server } = quietTenant();
  server
    .on("GET /trust/fx-rates", { items: [RATE, EARLIER], next_cursor: null, limit: 50 })
    .on("GET /trust/policies/current", {
      version: 1,
      created_at: null,
      created_by: null,
      note: "The default.",
      document: { version: 1, fx_max_age_hours: 48 },
    });
  open("/trust/rates");
  expect(await screen.findByText("In use")).toBeVisible();
  expect(screen.getByText("Earlier")).toBeVisible();
  expect(screen.getAllByText("0.0025")).toHaveLength(2);
  expect(screen.queryByRole("button", { name: "Record" })).toBeNull();
});

test("a rate is recorded exactly as it was written", async () => {
  const { server } = quietTenant(["trust_engine.fx_rates:write"]);
  server
    .on("GET /trust/fx-rates", { items: [], next_cursor: null, limit: 50 })
    .on("POST /trust/fx-rates", RATE);
  const { user } = open("/trust/rates");
  await user.type(await screen.findByLabelText("One unit of"), "huf");
  await user.type(screen.getByLabelText("Was worth"), "0,0025");
  await user.type(screen.getByLabelText("Of"), "EUR");
  await user.type(screen.getByLabelText("As of, your time"), "2026-11-23T05:00");
  await user.type(screen.getByLabelText("Source"), "ECB");
  await user.click(screen.getByRole("button", { name: "Record" }));
  await expect
    .poll(() => server.asked("POST /trust/fx-rates").map(({ body }) => body))
    .toEqual([
      {
        base: "HUF",
        quote: "EUR",
        rate: "0.0025",
        as_of: new Date("2026-11-23T05:00").toISOString(),
        source: "ECB",
      },
    ]);
});
