import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Stop, StopCampaign, StopReach } from "@/api/types";
import { open } from "@/testing/app";
import { killSwitch, quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";
import { progressOf, stageOf } from "./progress";

const ID = "0199aaaa-0000-7000-8000-0000000000e1";
const MAY = ["autopilot.stops:write"];
const REACH: StopReach = {
  campaigns: 8,
  accounts: 2,
  out_of_reach: [
    {
      ad_account_id: "0199aaaa-0000-7000-8000-0000000000a9",
      name: "Northwind UK",
      platform: "meta",
      campaigns: null,
      why: "not_read",
      sentence: "It was never read: what runs there is not known.",
    },
  ],
};

function stop(part: Partial<Stop> = {}, tally: Partial<Stop["tally"]> = {}): Stop {
  return {
    id: ID,
    kind: "pause_all",
    ad_account_id: null,
    reason: "The pixel is dead",
    asked_by: "dana@northwind.example",
    asked_at: "2026-11-23T05:00:00Z",
    proposed_at: "2026-11-23T05:00:02Z",
    given_back_by: null,
    given_back_reason: null,
    given_back_at: null,
    returned_at: null,
    owed: 0,
    tally: {
      campaigns: 2,
      waiting: 0,
      pauses: { verified: 2 },
      passed_over: {},
      enables: {},
      kept: {},
      ...tally,
    },
    out_of_reach: [],
    ...part,
  };
}

function campaign(part: Partial<StopCampaign>): StopCampaign {
  return {
    campaign_id: "0199aaaa-0000-7000-8000-000000000100",
    ad_account_id: "0199aaaa-0000-7000-8000-0000000000a1",
    name: "Broad DE",
    place: 0,
    daily_micros: 120_000_000,
    currency: "EUR",
    action_id: "a-1",
    state: "verified",
    passed_over: null,
    enable_action_id: null,
    enable_state: null,
    kept: null,
    sentence: null,
    ...part,
  };
}

const ONE_PAGE = {
  total: 1,
  total_capped: false,
  page: 1,
  limit: 50,
  pages: 1,
  has_next: false,
  has_prev: false,
};

function company(found: Stop) {
  const { server, stream } = quietTenant(MAY);
  server
    .on("GET /autopilot/stops", { items: [found], next_cursor: null, limit: 50 })
    .on("GET /autopilot/stops/reach", REACH)
    .on(`GET /autopilot/stops/${ID}`, found)
    .on(`GET /autopilot/stops/${ID}/campaigns`, { items: [campaign({})], ...ONE_PAGE });
  return { server, stream };
}

test("from the kill switch everything is paused: how much that is, what it does not reach, and why", async () => {
  const { server } = company(stop());
  server.on("POST /autopilot/stops", stop());
  const { user } = open("/");
  await user.click(await screen.findByRole("button", { name: "Kill switch" }));
  await user.click(await screen.findByRole("button", { name: "Pause everything…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Pause everything?" }));
  expect(await dialog.findByText("8 active campaigns in 2 accounts.")).toBeVisible();
  expect(dialog.getByText("1 account is out of reach, and run on:")).toBeVisible();
  expect(dialog.getByText(/campaigns not known/)).toBeVisible();
  const verb = dialog.getByRole("button", { name: "Pause 8 campaigns" });
  expect(verb).toBeDisabled();
  await user.type(dialog.getByLabelText("Reason"), "The pixel is dead");
  await user.click(verb);
  expect(await screen.findByRole("heading", { name: "Pause all" })).toBeVisible();
  const [asked] = server.asked("POST /autopilot/stops");
  expect(asked?.body).toMatchObject({ kind: "pause_all", ad_account_id: null, reason: "The pixel is dead" });
  expect((asked?.body as { idempotency_key: string }).idempotency_key).toMatch(/^[0-9a-f]{32}$/);
});

test("an emergency stop is led to its page although the switch's button is gone by then", async () => {
  const { server, stream } = company(stop({ kind: "emergency_stop" }));
  server.on("POST /autopilot/stops", async () => {
    server.on("GET /autopilot/kill-switch", killSwitch("The pixel is dead"));
    stream.say("9-0", "autopilot_mode_change", { kill_switch: "tenant", engaged: true });
    await screen.findByText("Frozen.");
    return stop({ kind: "emergency_stop" });
  });
  const { user } = open("/");
  await user.click(await screen.findByRole("button", { name: "Kill switch" }));
  await user.click(await screen.findByRole("button", { name: "Pause everything…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Pause everything?" }));
  await user.click(dialog.getByRole("radio", { name: /Emergency stop/ }));
  await user.type(dialog.getByLabelText("Reason"), "The pixel is dead");
  await user.click(await dialog.findByRole("button", { name: "Freeze and pause 8 campaigns" }));
  expect(await screen.findByRole("heading", { name: "Emergency stop" })).toBeVisible();
  expect(await screen.findByText("Frozen.")).toBeVisible();
  expect(await screen.findByRole("button", { name: "Give back" })).toBeDisabled();
  expect(server.asked("POST /autopilot/stops")[0]?.body).toMatchObject({ kind: "emergency_stop" });
});

test("the list follows what its actions say of themselves", async () => {
  const { server, stream } = company(stop({ proposed_at: null }, { waiting: 1, pauses: { verified: 1 } }));
  open("/autopilot/stops");
  expect(await screen.findByText("Pausing")).toBeVisible();
  server.on("GET /autopilot/stops", { items: [stop()], next_cursor: null, limit: 50 });
  stream.say("9-0", "action_status_update", { action_id: "a-1", state: "verified", entity: "Broad DE" });
  expect(await screen.findByText("2 of 2 campaigns paused")).toBeVisible();
});

test("its progress is followed, and it is given back with a reason", async () => {
  const begun = stop({ proposed_at: null }, { waiting: 1, pauses: { verified: 1 } });
  const { server, stream } = company(begun);
  const { user } = open(`/autopilot/stops/${ID}`);
  expect(await screen.findByText("1 of 2 campaigns paused.")).toBeVisible();
  expect(screen.getByText("Pausing")).toBeVisible();
  server.on(`GET /autopilot/stops/${ID}`, stop());
  stream.say("9-0", "action_status_update", { action_id: "a-1", state: "verified", entity: "Broad DE" });
  expect(await screen.findByText("2 of 2 campaigns paused.")).toBeVisible();
  const back = stop(
    {
      given_back_at: "2026-11-23T06:00:00Z",
      given_back_by: "dana@northwind.example",
      returned_at: "2026-11-23T06:00:01Z",
    },
    { enables: { awaiting_approval: 1 }, kept: { edited_elsewhere: 1 } },
  );
  server.on(`POST /autopilot/stops/${ID}/give-back`, back).on(`GET /autopilot/stops/${ID}`, back);
  await user.click(screen.getByRole("button", { name: "Give back" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "It counts again{Enter}");
  expect(await screen.findByText("Waits for approval")).toBeVisible();
  expect(
    screen.getByText("2 of 2 campaigns paused, 0 enabled again, 1 waiting for approval, 1 left out."),
  ).toBeVisible();
  expect(server.asked(`POST /autopilot/stops/${ID}/give-back`)[0]?.body).toEqual({
    reason: "It counts again",
  });
});

test("what the gate blocked is tried again, and how many that are is said", async () => {
  const given = { given_back_at: "2026-11-23T06:00:00Z", returned_at: "2026-11-23T06:00:01Z" };
  const { server } = company(stop({ ...given, owed: 1 }, { enables: { verified: 1, blocked: 1 } }));
  server.on(`POST /autopilot/stops/${ID}/give-back`, () => {
    server.on(`GET /autopilot/stops/${ID}`, stop(given, { enables: { verified: 2 } }));
    return stop({ ...given, returned_at: null }, { enables: { verified: 1 } });
  });
  const { user } = open(`/autopilot/stops/${ID}`);
  expect(await screen.findByText("Given back in part")).toBeVisible();
  await user.click(await screen.findByRole("button", { name: "Try 1 campaign again" }));
  const dialog = within(await screen.findByRole("dialog", { name: /paused still/ }));
  await user.type(dialog.getByLabelText("Reason"), "It counts again{Enter}");
  expect(await screen.findByText("Given back")).toBeVisible();
  expect(screen.queryByRole("button", { name: /again/ })).toBeNull();
});

test("where nothing is known to run, what is about to start can be kept from it", async () => {
  const { server } = company(stop({}, { campaigns: 0, pauses: {} }));
  server.on("GET /autopilot/stops/reach", { ...REACH, campaigns: 0 });
  server.on("POST /autopilot/stops", stop({}, { campaigns: 0, pauses: {} }));
  const { user } = open("/autopilot/stops");
  await user.click(await screen.findByRole("button", { name: "Pause everything…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "The pixel is dead");
  await user.click(await dialog.findByRole("button", { name: "Let nothing start" }));
  expect(await screen.findByRole("button", { name: "Give back" })).toBeEnabled();
});

test("a refusal is shown where it was asked for", async () => {
  const { server } = company(stop());
  server.on("POST /autopilot/stops", problem(503, "unavailable", "The database is away."));
  const { user } = open("/autopilot/stops");
  await user.click(await screen.findByRole("button", { name: "Pause everything…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Reason"), "The pixel is dead");
  await user.click(await dialog.findByRole("button", { name: "Pause 8 campaigns" }));
  expect(await dialog.findByText("The database is away.")).toBeVisible();
});

test("who may not stop sees what was stopped and no way to", async () => {
  const { server } = quietTenant();
  server.on("GET /autopilot/stops", { items: [stop()], next_cursor: null, limit: 50 });
  const { user } = open("/autopilot/stops");
  expect(await screen.findByRole("link", { name: "Pause all" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Pause everything…" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Kill switch" }));
  await screen.findByRole("dialog");
  expect(screen.queryByRole("button", { name: "Pause everything…" })).toBeNull();
});

test("a stop is never said to have done more than it has", () => {
  expect(stageOf(stop({}, { pauses: { verified: 1, failed: 1 } }))).toMatchObject({ name: "Paused in part" });
  expect(stageOf(stop({}, { pauses: { verified: 1, executing: 1 } }))).toMatchObject({ name: "Pausing" });
  expect(stageOf(stop())).toMatchObject({ name: "Paused" });
  const back = { given_back_at: "2026-11-23T06:00:00Z", returned_at: "2026-11-23T06:00:01Z" };
  expect(stageOf(stop({ ...back, returned_at: null }))).toMatchObject({ name: "Giving back" });
  expect(stageOf(stop(back, { enables: { verified: 2 } }))).toMatchObject({ name: "Given back" });
  expect(stageOf(stop(back, { enables: { blocked: 1 } }))).toMatchObject({ name: "Given back in part" });
  expect(stageOf(stop({ ...back, owed: 2 }, { kept: { frozen: 2 } }))).toMatchObject({
    name: "Given back in part",
  });
  const alone = stop(back, { kept: { edited_elsewhere: 2 } });
  expect(stageOf(alone)).toMatchObject({ name: "Nothing was enabled again" });
  expect(progressOf(stop(back, { enables: { verified: 1, dismissed: 1 } }))).toEqual([
    "2 of 2 campaigns paused",
    "1 enabled again",
    "1 dismissed",
  ]);
  expect(
    progressOf(stop({ out_of_reach: REACH.out_of_reach }, { pauses: { verified: 1, failed: 1 } })),
  ).toEqual(["1 of 2 campaigns paused", "1 not", "1 account out of reach"]);
});
