import { expect, test } from "vitest";
import type { IdentityGraph, IdentityLink } from "@/api/types";
import { drawn, holds, MOST_NODES, paired } from "./graph-layout";

const AT = "2026-11-23T05:00:00Z";

function link(a: string, b: string, part: Partial<IdentityLink> = {}): IdentityLink {
  return {
    assertion: `${a}${b}`,
    kind: "observed",
    a_key: a,
    b_key: b,
    joined: true,
    reason: null,
    asserted_at: AT,
    message_id: "m-1",
    event_id: null,
    received_at: null,
    source_id: null,
    asserted_by: null,
    decided_at: AT,
    removed_at: null,
    removed_by: null,
    act: null,
    ...part,
  };
}

function graph(types: Readonly<Record<string, string>>, links: IdentityLink[]): IdentityGraph {
  return {
    profile_id: "p",
    identifiers: Object.entries(types).map(([key, type]) => ({
      key,
      type,
      value: key,
      first_seen_at: AT,
      event_count: 1,
    })),
    links,
    owners: Object.fromEntries(Object.keys(types).map((key) => [key, "p"])),
  };
}

test("types stand in rows from the strongest to the weakest, whatever order they came in", () => {
  const { nodes } = drawn(graph({ c: "anonymous_id", a: "user_id", b: "email" }, []), 600);
  expect(nodes.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  expect(new Set(nodes.map(({ y }) => y)).size).toBe(3);
});

test("a row that is too long for the window goes on beneath, and nothing lies outside of it", () => {
  const types = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`n${index}`, "email"]));
  const { nodes, height } = drawn(graph(types, []), 360);
  expect(new Set(nodes.map(({ y }) => y)).size).toBe(5);
  for (const { x, y } of nodes) {
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(360);
    expect(y).toBeLessThan(height);
  }
});

test("a node stands near those that it is linked to", () => {
  const { nodes } = drawn(
    graph({ a: "email", b: "email", x: "device_id", z: "device_id" }, [link("a", "z"), link("b", "x")]),
    600,
  );
  const at = (key: string) => nodes.find((node) => node.key === key)?.x;
  expect(at("z")).toBe(at("a"));
  expect(at("x")).toBe(at("b"));
});

test("another person's identifier is drawn as theirs, at the end of a refused link", () => {
  const mine = graph({ a: "email" }, [link("a", "q", { joined: false, reason: "different_users" })]);
  const { nodes, pairs } = drawn({ ...mine, owners: { a: "p", q: "other" } }, 600);
  expect(nodes.find(({ key }) => key === "q")?.owner).toBe("other");
  expect(pairs.map(({ state }) => state)).toEqual(["refused"]);
});

test("what was asserted of the same two, either way round, is one line", () => {
  expect(paired([link("a", "b"), link("b", "a"), link("a", "c")]).size).toBe(2);
});

test("what holds is the strongest of what was said: a person's split before an event's link, a taken back one last", () => {
  const apart = link("a", "b", { kind: "apart", joined: false });
  const refused = link("a", "b", { joined: false });
  const undone = link("a", "b", { removed_at: AT });
  expect(holds([link("a", "b"), apart])).toBe("apart");
  expect(holds([refused, link("a", "b")])).toBe("joined");
  expect(holds([undone, refused])).toBe("refused");
  expect(holds([{ ...apart, removed_at: AT }])).toBe("undone");
});

test("a crowd is cut off where it would be no drawing any more, and says how many are left", () => {
  const types = Object.fromEntries(
    Array.from({ length: MOST_NODES + 7 }, (_, index) => [`n${index}`, "anonymous_id"]),
  );
  const { nodes, left } = drawn(graph(types, [link("n0", `n${MOST_NODES + 3}`)]), 800);
  expect(nodes).toHaveLength(MOST_NODES);
  expect(left).toBe(7);
});
