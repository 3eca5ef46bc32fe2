import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const LETTER = {
  id: "0199aaaa-0000-7000-8000-0000000000d1",
  task: "campaigns.push_status",
  queue: "sync",
  payload: { campaign_id: "7" },
  attempts: 6,
  error_code: "unavailable",
  error: "The platform is down.",
  enqueued_at: "2026-11-23T05:00:00Z",
  created_at: "2026-11-23T06:00:00Z",
  replayed_at: null,
  replayed_as: null,
  discarded_at: null,
};

function withLetter() {
  const { server } = quietTenant(["work.dead_letters:read", "work.dead_letters:write"]);
  return server.on("GET /work/dead-letters", { items: [LETTER], next_cursor: null, limit: 50 });
}

test("a task that was given up is run again from its line", async () => {
  const server = withLetter().on(`POST /work/dead-letters/${LETTER.id}/replay`, LETTER);
  const { user } = open("/operations/dead-letters");
  await user.click(await screen.findByText("campaigns.push_status"));
  await user.click(screen.getByRole("button", { name: "Run it again" }));
  await expect.poll(() => server.asked(`POST /work/dead-letters/${LETTER.id}/replay`)).toHaveLength(1);
});

test("it is discarded only after a second yes, and a refusal is shown", async () => {
  const server = withLetter().on(`POST /work/dead-letters/${LETTER.id}/discard`, () =>
    problem(409, "work.dead_letters.closed", "Somebody closed it already."),
  );
  const { user } = open("/operations/dead-letters");
  await user.click(await screen.findByText("campaigns.push_status"));
  await user.click(screen.getByRole("button", { name: "Discard" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(server.asked(`POST /work/dead-letters/${LETTER.id}/discard`)).toHaveLength(0);
  await user.click(dialog.getByRole("button", { name: "Discard" }));
  expect(await screen.findByText("Somebody closed it already.")).toBeInTheDocument();
});

test("who may not see the calls is shown the conversions", async () => {
  const { server } = quietTenant();
  server.on("GET /integrations/conversions", { items: [], next_cursor: null, limit: 50 });
  open("/operations");
  expect(await screen.findByText("No conversion has been queued yet.")).toBeVisible();
  expect(screen.queryByRole("link", { name: "Platform calls" })).toBeNull();
});
