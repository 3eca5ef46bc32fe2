import type { Webhook, WebhookTopic, WebhookTry } from "@/api/types";
import type { Tone } from "@/design/status";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";

export const TOPICS: readonly (readonly [WebhookTopic, string])[] = [
  ["profile.created", "Somebody new appears"],
  ["profile.updated", "Somebody changes"],
  ["profile.merged", "Two turn out to be one person"],
  ["profile.ended", "A profile ends: merged away or erased"],
  ["segment.entered", "Somebody enters a segment"],
  ["segment.left", "Somebody leaves a segment"],
];

export const PURPOSES: readonly (readonly [NonNullable<Webhook["purpose"]>, string])[] = [
  ["analytics", "Analytics"],
  ["ads", "Advertising"],
  ["email", "E-mail"],
  ["sms", "Text messages"],
  ["personalization", "Personalization"],
];

export const purposeOf = (webhook: Webhook): string =>
  PURPOSES.find(([purpose]) => purpose === webhook.purpose)?.[1] ??
  "Your own systems, which follow the consents sent along";

const STATES: Readonly<Record<Webhook["state"], readonly [Tone, string]>> = {
  on: ["pass", "On"],
  failing: ["hold", "Failing"],
  off: ["muted", "Off"],
};

/** Off by a person is quiet; off because it failed is not. */
export function stateOf(webhook: Webhook): readonly [Tone, string] {
  if (webhook.state === "off" && webhook.off_reason !== "by_hand") return ["block", "Switched off"];
  return STATES[webhook.state];
}

export function whyOff(webhook: Webhook): string | null {
  switch (webhook.off_reason) {
    case "by_hand":
      return "Somebody switched it off. Nothing that happens meanwhile is forgotten.";
    case "gone":
      return "The receiver answered 410, which says that it wants nothing more.";
    case "failing":
      return `It failed for three days. Last: ${webhook.last_error ?? "no reason was given."}`;
    case null:
      return null;
  }
}

/** How far it is behind. Not all that waits concerns it. */
export function behind(webhook: Webhook): string {
  if (webhook.waiting === 0) return "Up to date";
  const count = webhook.waiting_is_more ? `more than ${integer(webhook.waiting)}` : integer(webhook.waiting);
  return `${count} waiting`;
}

const KINDS: Readonly<Record<WebhookTry["kind"], string>> = {
  feed: "",
  test: "Test",
  replay: "Sent again",
};

export function whatOf({ kind, items, attempt }: WebhookTry): string {
  const size = plural(items, "item");
  const again = attempt > 1 ? `, try ${attempt}` : "";
  return kind === "feed" ? `${size}${again}` : `${KINDS[kind]}, ${size}`;
}
