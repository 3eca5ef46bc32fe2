import { expect, test } from "vitest";
import { sseParser } from "./sse";

const STREAM = ': beat\n\nid: 7-0\nevent: emq_update\ndata: {"a":1}\n\nid: 8-0\ndata: one\ndata: two\n\n';

test("events come out whole however the network cut them", () => {
  for (let cut = 1; cut < STREAM.length; cut += 1) {
    const parse = sseParser();
    const events = [...parse(STREAM.slice(0, cut)), ...parse(STREAM.slice(cut))];
    expect(events).toEqual([
      { id: "7-0", data: '{"a":1}' },
      { id: "8-0", data: "one\ntwo" },
    ]);
  }
});

test("carriage returns end lines too, even when a pair of them is cut in two", () => {
  const parse = sseParser();
  expect(parse("id: 1\r\ndata: x\r")).toEqual([]);
  expect(parse("\n\r\n")).toEqual([{ id: "1", data: "x" }]);
});
