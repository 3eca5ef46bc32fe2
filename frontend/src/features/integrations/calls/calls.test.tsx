import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const CALL = {
  id: "0199aaaa-0000-7000-8000-0000000000c1",
  started_at: "2026-11-23T05:00:00Z",
  platform: "meta",
  connection_id: null,
  ad_account_id: "0199aaaa-0000-7000-8000-0000000000a1",
  operation: "list_campaigns",
  method: "GET",
  path: "act_1/campaigns",
  mutating: false,
  permit_id: null,
  attempt: 3,
  status: 500,
  outcome: "transient",
  error_code: "meta.1",
  error_message: "An unknown error has occurred.",
  trace: null,
  duration_ms: 12,
  replay_of: null,
};

const DETAIL = {
  ...CALL,
  asked: { fields: "id,name" },
  meaning: "The platform or the network failed for a moment.",
  again: { way: "read", why: "It changes nothing: the same is asked once more.", place: null },
  action_id: null,
  replays: [] as object[],
};

const ONE = `/integrations/calls/${CALL.id}`;

function withCall(detail: object = DETAIL) {
  const { server } = quietTenant(["integrations.calls:read", "integrations.calls:write"]);
  return server
    .on("GET /integrations/calls", { items: [CALL], next_cursor: null, limit: 50 })
    .on("GET /integrations/ad-accounts", { items: [], has_next: false })
    .on(`GET ${ONE}`, detail);
}

test("a failed read is made again, and what came of it stands under it", async () => {
  const server = withCall().on(`POST ${ONE}/replay`, { way: "read", queued: 1 });
  const { user } = open("/operations/calls");
  await user.click(await screen.findByText("List campaigns"));
  expect(await screen.findByText("id,name")).toBeVisible();
  server.on(`GET ${ONE}`, {
    ...DETAIL,
    replays: [{ ...CALL, id: "r1", outcome: "ok", error_message: null }],
  });
  await user.click(screen.getByRole("button", { name: "Make it again" }));
  expect(await screen.findByText(/what comes of it stands here/)).toBeVisible();
  expect(await screen.findByText("OK")).toBeVisible();
});

test("a change is not made again: the way to its action stands in the button's place", async () => {
  withCall({
    ...DETAIL,
    mutating: true,
    action_id: "0199aaaa-0000-7000-8000-0000000000ac",
    again: { way: "none", why: "Only a new permit of the gate changes an account.", place: "action" },
  });
  const { user } = open("/operations/calls");
  await user.click(await screen.findByText("List campaigns"));
  expect(await screen.findByRole("link", { name: "To its action" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Make it again" })).toBeNull();
});

test("a refusal says why", async () => {
  withCall().on(`POST ${ONE}/replay`, () =>
    problem(409, "integrations.calls.sign_in_needed", "The connection needs a new sign-in first."),
  );
  const { user } = open("/operations/calls");
  await user.click(await screen.findByText("List campaigns"));
  await user.click(await screen.findByRole("button", { name: "Make it again" }));
  expect(await screen.findByText("The connection needs a new sign-in first.")).toBeVisible();
});

test("platform, outcome and time are asked of the server", async () => {
  const asked: URLSearchParams[] = [];
  withCall().on("GET /integrations/calls", (request: Request) => {
    asked.push(new URL(request.url).searchParams);
    return { items: [CALL], next_cursor: null, limit: 50 };
  });
  const { user } = open("/operations/calls");
  await screen.findByText("List campaigns");
  await user.selectOptions(screen.getByLabelText("Outcome"), "auth");
  await user.selectOptions(screen.getByLabelText("Platform"), "google");
  await user.selectOptions(screen.getByLabelText("Time"), "day");
  await expect.poll(() => asked.at(-1)?.get("since") ?? null).not.toBeNull();
  const last = asked.at(-1);
  expect([last?.get("outcome"), last?.get("platform")]).toEqual(["auth", "google"]);
  const hours = (Date.now() - Date.parse(last?.get("since") ?? "")) / 3_600_000;
  expect(hours).toBeCloseTo(24, 1);
});
