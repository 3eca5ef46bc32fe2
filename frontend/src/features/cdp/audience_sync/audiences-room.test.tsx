import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Audience } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const SEGMENT = "0199aaaa-0000-7000-8000-0000000000a1";
const ACCOUNT = "0199aaaa-0000-7000-8000-0000000000a2";
const AUDIENCE: Audience = {
  id: "0199aaaa-0000-7000-8000-0000000000a3",
  name: "Loyal customers",
  segment_id: SEGMENT,
  segment_name: "Loyal",
  ad_account_id: ACCOUNT,
  account_name: "Northwind USD",
  platform: "meta",
  external_id: "120219000000000001",
  identifiers: ["email"],
  holdout_percent: 10,
  interval_minutes: 60,
  resend_days: null,
  enabled: true,
  ending: false,
  people: 1_200,
  adding: 0,
  removing: 0,
  waiting: { leaving: 700, of: 1_200, since: "2026-11-23T05:00:00Z" },
  approved_by: null,
  replace_asked: false,
  remote_state: "ready",
  size_lower: null,
  size_upper: null,
  size_at: null,
  match: null,
  last_run: null,
  last_run_at: "2026-11-23T05:00:00Z",
  next_run_at: null,
  next_attempt_at: null,
  error_code: null,
  error: null,
  created_at: "2026-11-01T05:00:00Z",
  created_by: "robin@example.com",
};
const PATH = `/cdp/audience-sync/${AUDIENCE.id}`;
const MAY = ["cdp.audience_sync:read", "cdp.audience_sync:write", "cdp.audience_sync:approve"];

const OFFERS = ["meta", "google", "tiktok", "snapchat"].map((platform) => ({
  platform,
  identifiers: ["email", "phone"],
  leading: ["email", "phone"],
  expires_after_days: null,
  replaces: platform !== "tiktok",
  tells_matches: platform === "meta" || platform === "google",
}));

function tenant(permissions: string[], audience: Audience = AUDIENCE) {
  const { server } = quietTenant(permissions);
  server.on("GET /cdp/audience-sync", { items: [audience], has_next: false });
  server.on("GET /cdp/audience-sync/options", { platforms: OFFERS });
  server.on(`GET ${PATH}/runs`, { items: [], next_cursor: null, limit: 10 });
  return server;
}

test("a removal that waits is approved as it was seen, and a refusal is shown there", async () => {
  const server = tenant(MAY);
  const asked: unknown[] = [];
  server.on(`POST ${PATH}/approve`, async (request: Request) => {
    asked.push(await request.json());
    return problem(409, "cdp.audience_sync.more_leave_now", "More people would leave by now.");
  });
  const { user } = open("/people/audiences");
  expect(await screen.findByText("Waits for you")).toBeVisible();
  await user.click(screen.getByText("Loyal customers"));
  expect(screen.getByText(/700 of 1,200 people would leave at once/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Let them leave" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Let them leave" }));
  expect(await dialog.findByText("More people would leave by now.")).toBeVisible();
  expect(asked).toEqual([{ leaving: 700 }]);
});

test("what the platform has not told is no number", async () => {
  tenant(MAY);
  const { user } = open("/people/audiences");
  await user.click(await screen.findByText("Loyal customers"));
  expect(screen.getByText(/the platform has not said yet how many it knows/)).toBeInTheDocument();
  expect(screen.getByText(/the platform has not told its size/)).toBeInTheDocument();
});

test.each([
  ["meta", "Meta custom audience"],
  ["google", "Google customer list"],
  ["tiktok", "TikTok custom audience"],
  ["snapchat", "Snapchat segment"],
])("an audience at %s is called by the platform's own word", async (platform, word) => {
  tenant(MAY, { ...AUDIENCE, platform });
  open("/people/audiences");
  expect(await screen.findByText(`Loyal to Northwind USD (${word})`)).toBeVisible();
});

test("it says what sending anew does at this platform, and what it never tells", async () => {
  tenant(MAY, { ...AUDIENCE, platform: "tiktok", size_lower: 1_400, size_upper: 1_400 });
  const { user } = open("/people/audiences");
  await user.click(await screen.findByText("Loyal customers"));
  expect(await screen.findByText(/this platform never tells how many it knows/)).toBeInTheDocument();
  expect(screen.getByText("About 1,400")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Send everybody anew" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/put in it at the platform by hand stays/)).toBeVisible();
});

test("who may only read is shown no button that the API would refuse", async () => {
  tenant(["cdp.audience_sync:read"]);
  const { user } = open("/people/audiences");
  await user.click(await screen.findByText("Loyal customers"));
  for (const name of ["Send to a platform", "Bring in step now", "Let them leave", "Delete"])
    expect(screen.queryByRole("button", { name })).toBeNull();
});
