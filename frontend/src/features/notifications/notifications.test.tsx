import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Notification, OwnWhatsApp, WhatsAppState } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem, Server } from "@/testing/server";

const ID = "0199aaaa-0000-7000-8000-0000000000e1";
const PIXEL: Notification = {
  id: ID,
  kind: "incident_opened",
  severity: "critical",
  title: "Incident: The pixel sends nothing",
  text: "The pixel sends nothing\nWhat to do: Look at the tag",
  subject: "incident",
  subject_id: ID,
  room: "/trust/incidents",
  times: 3,
  occurred_at: "2026-11-23T05:00:00Z",
  last_at: "2026-11-23T05:10:00Z",
  received_at: "2026-11-23T05:10:00Z",
  read_at: null,
};
const READER = ["notifications:read", "notifications:write"];

test("the bell counts what is unread, live, and opens the newest", async () => {
  const { server, stream } = quietTenant(READER);
  const { user } = open("/");
  const bell = await screen.findByRole("button", { name: "Notifications" });
  server.on("GET /notifications/unread", { unread: 1, is_more: false });
  server.on("GET /notifications", { items: [PIXEL], next_cursor: null, limit: 20 });
  stream.say("1-0", "notification", {});
  expect(await screen.findByRole("button", { name: "Notifications: 1 unread" })).toBe(bell);
  await user.click(bell);
  const panel = within(await screen.findByRole("dialog", { name: "Notifications" }));
  expect(await panel.findByText("3 times")).toBeVisible();
  server.on(`POST /notifications/${ID}/read`, { ...PIXEL, read_at: "2026-11-23T06:00:00Z" });
  await user.click(panel.getByRole("link", { name: /The pixel sends nothing/ }));
  expect(server.asked(`POST /notifications/${ID}/read`)).toHaveLength(1);
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("more than a hundred are not counted one by one", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/unread", { unread: 100, is_more: true });
  open("/");
  expect(await screen.findByRole("button", { name: "Notifications: 100+ unread" })).toBeVisible();
});

test("to mark all as read marks up to the newest on the screen", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/unread", { unread: 1, is_more: false });
  server.on("GET /notifications", { items: [PIXEL], next_cursor: null, limit: 20 });
  server.on("POST /notifications/read-all", { read: 1 });
  const { user } = open("/notifications");
  await user.click(await screen.findByRole("button", { name: "Mark all as read" }));
  expect(server.asked("POST /notifications/read-all")[0]?.body).toEqual({ until: PIXEL.received_at });
});

const CHOICE = {
  name: "An incident was opened",
  in_app: true,
  email: true,
  whatsapp: true,
  may_hear: true,
};
const PREFERENCES = {
  choices: [
    { ...CHOICE, kind: "incident_opened" },
    { ...CHOICE, kind: "dead_letter", name: "A task was given up", may_hear: false },
  ],
  digest: "immediate",
  digest_at: "08:00",
  quiet_from: null,
  quiet_until: null,
  timezone: "UTC",
  timezone_is_the_companys: true,
};

const OWN: OwnWhatsApp = {
  company_number: "+1 202-555-0123",
  company_name: "Northwind Alerts",
  words: "I want to be written to.",
  number: null,
  state: null,
  code_until: null,
  confirmed_at: null,
  stopped_at: null,
  window_is_open: false,
  falls_back: true,
  last_error: null,
  receipts: [],
};

test("one gives a number, and is shown the code to send from it", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/preferences", PREFERENCES);
  const state = { own: OWN };
  server.on("GET /notifications/whatsapp/own", () => state.own);
  server.on("PUT /notifications/whatsapp/own", () => {
    state.own = { ...OWN, number: "+36301234567", state: "pending", code_until: "2026-11-23T06:30:00Z" };
    return { own: state.own, code: "ABCD-EFGH", link: "https://wa.me/12025550123?text=Confirm%20ABCD-EFGH" };
  });
  const { user } = open("/settings/notifications");
  await user.type(await screen.findByLabelText("Your number, with its country’s code"), "+36 30 123 4567");
  await user.click(screen.getByRole("button", { name: "Show me a code" }));
  expect(await screen.findByText("ABCD-EFGH")).toBeVisible();
  expect(screen.getByText("Waits for the code from your phone")).toBeVisible();
  expect(server.asked("PUT /notifications/whatsapp/own")[0]?.body).toEqual({ number: "+36 30 123 4567" });
});

test("who is written to can end it, and reads why a message did not come", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/preferences", PREFERENCES);
  const confirmed: OwnWhatsApp = {
    ...OWN,
    number: "+36301234567",
    state: "confirmed",
    last_error: "It could not be delivered.",
  };
  const state = { own: confirmed };
  server.on("GET /notifications/whatsapp/own", () => state.own);
  server.on("DELETE /notifications/whatsapp/own", () => (state.own = { ...confirmed, state: "stopped" }));
  const { user } = open("/settings/notifications");
  expect(await screen.findByText("It could not be delivered.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Stop" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Stop" }));
  expect(await screen.findByText("You are not written to")).toBeVisible();
});

test("one chooses by which ways one is told, of what one's role is told", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/preferences", PREFERENCES);
  const muted = [{ ...CHOICE, kind: "incident_opened", email: false }];
  server.on("PATCH /notifications/preferences", { ...PREFERENCES, choices: muted });
  const { user } = open("/settings/notifications");
  expect(screen.queryByText("A task was given up")).toBeNull();
  await user.click(await screen.findByRole("checkbox", { name: "An incident was opened: by mail" }));
  expect(server.asked("PATCH /notifications/preferences")[0]?.body).toEqual({
    choices: [{ kind: "incident_opened", email: false }],
  });
  expect(await screen.findByRole("checkbox", { name: "An incident was opened: by mail" })).not.toBeChecked();
});

test("hours that cannot be are refused at their field", async () => {
  const { server } = quietTenant(READER);
  server.on("GET /notifications/preferences", PREFERENCES);
  server.on("PATCH /notifications/preferences", () =>
    problem(422, "notifications.preferences.hours_invalid", "No.", [
      { field: "body.quiet_until", message: "Quiet hours need an end.", code: "x" },
    ]),
  );
  const { user } = open("/settings/notifications");
  await user.type(await screen.findByLabelText("Quiet from"), "22:00");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Quiet hours need an end.")).toBeVisible();
  expect(server.asked("PATCH /notifications/preferences")[0]?.body).toMatchObject({
    digest: "immediate",
    quiet_from: "22:00",
    quiet_until: null,
    timezone: null,
  });
});

const DEAD = {
  id: ID,
  notification_id: ID,
  kind: "notice",
  channel: "slack",
  to: "growth-alerts",
  title: PIXEL.title,
  status: "dead",
  held_for: null,
  due_at: "2026-11-23T05:10:00Z",
  attempts: 1,
  error_code: "not_in_channel",
  error: "Slack said: not_in_channel.",
  reference: null,
  sent_at: null,
  delivered_at: null,
  read_at: null,
  created_at: "2026-11-23T05:10:00Z",
};
const EMAIL = { delivers: true, sender: "Stratum <no-reply@stratum.invalid>" };
const ADMIN = [...READER, "notifications.channels:read", "notifications.channels:write"];
const LOG = "GET /notifications/channels/deliveries";

test("the log says in the other side's word why a message was given up, and sends it again", async () => {
  const { server } = quietTenant(ADMIN);
  server.on("GET /notifications/channels", { email: EMAIL, slack: null, webhook: null });
  server.on(LOG, { items: [DEAD], next_cursor: null, limit: 20 });
  server.on(`POST /notifications/channels/deliveries/${ID}/replay`, { ...DEAD, status: "queued" });
  const { user } = open("/settings/channels");
  await user.click(await screen.findByText("#growth-alerts"));
  expect(screen.getByText("not_in_channel")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Send it again" }));
  expect(server.asked(`POST /notifications/channels/deliveries/${ID}/replay`)).toHaveLength(1);
});

test("a token that Slack refuses is told at its field", async () => {
  const { server } = quietTenant(ADMIN);
  server.on("GET /notifications/channels", {
    email: { ...EMAIL, delivers: false },
    slack: null,
    webhook: null,
  });
  server.on(LOG, { items: [], next_cursor: null, limit: 20 });
  server.on("PUT /notifications/channels/slack", () =>
    problem(422, "notifications.channels.slack_token_refused", "No.", [
      { field: "body.token", message: "Slack does not take this token (invalid_auth).", code: "x" },
    ]),
  );
  const { user } = open("/settings/channels");
  expect(await screen.findByText("No mail server is set up: nothing leaves")).toBeVisible();
  await user.type(screen.getByLabelText("Bot token"), "xoxb-nobody-1");
  await user.click(screen.getByRole("button", { name: "Connect Slack" }));
  expect(await screen.findByText("Slack does not take this token (invalid_auth).")).toBeVisible();
});

test("who may only read is shown no button that the API would refuse", async () => {
  const { server } = quietTenant([...READER, "notifications.channels:read"]);
  server.on("GET /notifications/channels", { email: EMAIL, slack: null, webhook: null });
  server.on(LOG, { items: [DEAD], next_cursor: null, limit: 20 });
  open("/settings/channels");
  expect(await screen.findByText("No workspace is connected.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Send a test to me" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Send it again" })).toBeNull();
});

const LINK = {
  company: "Northwind",
  kind: "approval_wanted",
  severity: "warning",
  title: "Approval wanted: daily budget 100 → 50 USD",
  text: "Why: It earns nothing.",
  room: "/autopilot",
  occurred_at: "2026-11-23T05:00:00Z",
  verbs: ["approve", "dismiss"],
  person: "dana@northwind.example",
  expires_at: "2026-11-26T05:00:00Z",
  has_expired: false,
  used_at: null,
  used_verb: null,
  state: "awaiting_approval",
};

test("a link asks before it acts, and acts as the one it was sent to", async () => {
  const server = new Server().on("POST /notifications/links/preview", LINK);
  server.on("POST /notifications/links/act", {
    ...LINK,
    used_at: "2026-11-23T06:00:00Z",
    used_verb: "approve",
    state: "approved",
  });
  const { user } = open("/act?token=nal_1_2_3&do=approve");
  expect(await screen.findByText(/You act as dana@northwind.example/)).toBeVisible();
  expect(server.asked("POST /notifications/links/act")).toHaveLength(0);
  await user.type(screen.getByLabelText(/Why/), "It earns nothing.");
  await user.click(screen.getByRole("button", { name: "Approve" }));
  expect(await screen.findByText(/You approved it/)).toBeVisible();
  expect(server.asked("POST /notifications/links/act")[0]?.body).toEqual({
    token: "nal_1_2_3",
    verb: "approve",
    reason: "It earns nothing.",
  });
});

test("one that was posted in a channel wants a sign-in first", async () => {
  const server = new Server().on("POST /notifications/links/preview", { ...LINK, person: null });
  server.on("POST /auth/refresh", () => problem(401, "auth.session_ended", "No."));
  open("/act?token=nal_1_2_3");
  expect(await screen.findByRole("link", { name: "Sign in first" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
});

test("a link that is not ours says so", async () => {
  new Server().on("POST /notifications/links/preview", () =>
    problem(422, "notifications.links.unknown", "This link is not one of ours."),
  );
  open("/act?token=nonsense");
  expect(await screen.findByText("This link is not one of ours.")).toBeVisible();
});

const WEBHOOK = {
  url: "https://ops.example/hook",
  kinds: null as string[] | null,
  enabled: true,
  previous_until: null,
  last_error: null as string | null,
  last_error_at: null as string | null,
  created_at: "2026-11-23T05:00:00Z",
};

test("a webhook's secret is shown once it is set up, and kinds are taken away one by one", async () => {
  const { server } = quietTenant(["notifications.channels:read", "notifications.channels:write"]);
  const state = { email: EMAIL, slack: null, webhook: null as typeof WEBHOOK | null };
  server
    .on("GET /notifications/channels", () => ({ ...state }))
    .on("GET /notifications/channels/deliveries", { items: [], next_cursor: null, limit: 20 })
    .on("PUT /notifications/channels/webhook", () => {
      state.webhook = WEBHOOK;
      return { webhook: WEBHOOK, secret: "whsec_once" };
    })
    .on("PATCH /notifications/channels/webhook", () => ({ ...state }));
  const { user } = open("/settings/channels");
  await user.type(await screen.findByLabelText("Address"), WEBHOOK.url);
  await user.click(screen.getByRole("button", { name: "Set it up" }));
  expect(await screen.findByText("whsec_once")).toBeVisible();
  await user.click(await screen.findByLabelText("Dead letter"));
  const [asked] = server.asked("PATCH /notifications/channels/webhook");
  const { kinds } = asked?.body as { kinds: string[] };
  expect([kinds.length, kinds.includes("dead_letter")]).toEqual([12, false]);
});

test("a webhook that does not take its messages says why", async () => {
  const { server } = quietTenant(["notifications.channels:read", "notifications.channels:write"]);
  const failing = { ...WEBHOOK, last_error: "It answered 500.", last_error_at: "2026-11-23T05:00:00Z" };
  server
    .on("GET /notifications/channels", { email: EMAIL, slack: null, webhook: failing })
    .on("GET /notifications/channels/deliveries", { items: [], next_cursor: null, limit: 20 });
  open("/settings/channels");
  expect(await screen.findByText("Does not take them")).toBeVisible();
  expect(screen.getByText("It answered 500.")).toBeVisible();
});

const NUMBER: WhatsAppState = {
  phone_number_id: "106540352242922",
  waba_id: "102290129340398",
  display_number: "+1 202-555-0123",
  verified_name: "Northwind Alerts",
  quality: "GREEN",
  enabled: true,
  callback_url: "https://stratum.example/api/v1/notifications/whatsapp/webhook/wah_1_2",
  webhook_verified_at: null,
  heard_at: null,
  last_error: null,
  last_error_at: null,
  created_at: "2026-11-23T05:00:00Z",
  templates: [
    {
      name: "stratum_notice_1",
      status: "missing",
      category: null,
      reason: null,
      is_usable: false,
      mend: "The account does not have it: hand it in.",
    },
  ],
};
const WRITES_WHATSAPP = [...ADMIN, "notifications.whatsapp:read", "notifications.whatsapp:write"];

test("a number is connected, its verify token shown once, and its templates handed in", async () => {
  const { server } = quietTenant(WRITES_WHATSAPP);
  const state = { whatsapp: null as WhatsAppState | null };
  server
    .on("GET /notifications/channels", { email: EMAIL, slack: null, webhook: null })
    .on(LOG, { items: [], next_cursor: null, limit: 20 })
    .on("GET /notifications/whatsapp", () => ({ ...state }))
    .on("PUT /notifications/whatsapp", () => {
      state.whatsapp = NUMBER;
      return { whatsapp: NUMBER, verify_token: "once-only" };
    })
    .on("POST /notifications/whatsapp/templates", () => ({ ...state }));
  const { user } = open("/settings/channels");
  await user.type(await screen.findByLabelText("Phone number ID"), NUMBER.phone_number_id);
  await user.type(screen.getByLabelText("WhatsApp Business account ID"), NUMBER.waba_id);
  await user.type(screen.getByLabelText("System user’s token"), "EAAB");
  await user.type(screen.getByLabelText("App secret"), "0f");
  await user.click(screen.getByRole("button", { name: "Connect WhatsApp" }));
  expect(await screen.findByText("once-only")).toBeVisible();
  expect(screen.getByText("The account does not have it: hand it in.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Hand the missing ones in" }));
  expect(server.asked("POST /notifications/whatsapp/templates")).toHaveLength(1);
});
