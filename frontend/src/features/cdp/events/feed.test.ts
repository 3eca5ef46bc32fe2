import { expect, test } from "vitest";
import type { LiveMessage } from "@/api/live";
import { shiftWords } from "./clock";
import { fed, fits, MOST_LINES, NOTHING } from "./feed";

function message(type: string, payload: Record<string, unknown>): LiveMessage {
  return { type, payload, timestamp: "2026-11-23T05:00:00Z", id: "1-0" };
}

const event = (id: string, at: string) => ({
  id,
  event_name: "Viewed",
  event_type: "track",
  source_id: "s",
  message_id: `m-${id}`,
  received_at: at,
});
const VERDICT = {
  id: "v",
  event_name: null,
  source_id: null,
  message_id: "m-v",
  reason: "track needs event",
  last_at: "2026-11-23T05:00:02Z",
};

test("events and verdicts stand in one order, each once, and all are counted", () => {
  const first = fed(NOTHING, message("cdp_event", { events: [event("a", "2026-11-23T05:00:01Z")], of: 40 }));
  const second = fed(first, message("cdp_verdict", { verdicts: [VERDICT], of: 1 }));
  const third = fed(
    second,
    message("cdp_event", {
      events: [event("a", "2026-11-23T05:00:01Z"), event("b", "2026-11-23T05:00:03Z")],
      of: 2,
    }),
  );
  expect(third.lines.map(({ id }) => id)).toEqual(["b", "v", "a"]);
  expect(third.lines[1]).toMatchObject({ refused: true, told: "track needs event" });
  expect([third.stored, third.refused]).toEqual([42, 1]);
});

test("other messages leave the feed as it was", () => {
  expect(fed(NOTHING, message("emq_update", {}))).toBe(NOTHING);
});

test("it holds no more lines than anybody reads", () => {
  const events = Array.from({ length: MOST_LINES + 5 }, (_, n) =>
    event(String(n), `2026-11-23T05:00:00.${n}Z`),
  );
  expect(fed(NOTHING, message("cdp_event", { events, of: events.length })).lines).toHaveLength(MOST_LINES);
});

test("a line fits what is looked for whole", () => {
  const [line] = fed(NOTHING, message("cdp_event", { events: [event("a", "2026-11-23T05:00:01Z")] })).lines;
  const nothing = { name: undefined, source: undefined, message: undefined, identifier: undefined };
  if (line === undefined) throw new Error("no line");
  expect(fits(line, nothing)).toBe(true);
  expect(fits(line, { ...nothing, name: "Viewed", source: "s" })).toBe(true);
  expect(fits(line, { ...nothing, name: "View" })).toBe(false);
  expect(fits(line, { ...nothing, message: "m-b" })).toBe(false);
});

test("a clock is told to be slow or fast, and by how much", () => {
  expect(shiftWords(null)).toContain("said no time");
  expect(shiftWords(420)).toBe("right to the second");
  expect(shiftWords(5_000)).toBe("5 seconds slow: its time was mended");
  expect(shiftWords(-5_400_000)).toBe("1.5 hours fast: its time was mended");
});
