import { expect, test, vi } from "vitest";
import { liveStream, Server } from "@/testing/server";
import { type LiveMessage, type LiveStatus, LiveStream } from "./live";

test("a stream that breaks is resumed after the last message it gave", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const line = liveStream();
  const server = new Server().on("GET /events/stream", line.open);
  const messages: LiveMessage[] = [];
  const statuses: LiveStatus[] = [];
  const stream = new LiveStream({
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
  });
  stream.start();
  await vi.waitFor(() => {
    expect(statuses).toContain("live");
  });
  line.say("7-0", "emq_update", { score: 80 });
  await vi.waitFor(() => {
    expect(messages.map(({ type }) => type)).toEqual(["emq_update"]);
  });
  line.end();
  await vi.waitFor(() => {
    expect(statuses.at(-1)).toBe("connecting");
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.asked("GET /events/stream")).toHaveLength(2);
  expect(server.asked("GET /events/stream")[1]?.headers.get("Last-Event-ID")).toBe("7-0");
  stream.stop();
  vi.useRealTimers();
});

test("silence longer than a heartbeat reads as stale", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  new Server().on("GET /events/stream", liveStream().open);
  const statuses: LiveStatus[] = [];
  const stream = new LiveStream({ onMessage: () => undefined, onStatus: (status) => statuses.push(status) });
  stream.start();
  await vi.waitFor(() => {
    expect(statuses).toContain("live");
  });
  await vi.advanceTimersByTimeAsync(46_000);
  expect(statuses.at(-1)).toBe("stale");
  stream.stop();
  vi.useRealTimers();
});
