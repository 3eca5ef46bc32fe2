import { expect, test } from "vitest";
import type { IdentityLink } from "@/api/types";
import { entriesOf, isSplit, saidTogether } from "./acts";

function link(assertion: string, part: Partial<IdentityLink> = {}): IdentityLink {
  return {
    assertion,
    kind: "observed",
    a_key: "a",
    b_key: "b",
    joined: true,
    reason: null,
    asserted_at: "2026-11-23T05:00:00Z",
    message_id: "m-1",
    event_id: null,
    received_at: null,
    source_id: null,
    asserted_by: null,
    decided_at: "2026-11-23T05:00:00Z",
    removed_at: null,
    removed_by: null,
    act: null,
    ...part,
  };
}

const SEEN = link("seen");
const SPLIT = [
  link("one", { kind: "apart", act: "split" }),
  link("other", { kind: "apart", act: "split", b_key: "c" }),
  link("held", { kind: "merge", act: "split", a_key: "b", b_key: "c" }),
];
const MERGED = link("merged", { kind: "merge", act: "merge" });

test("a split is one entry, whatever number of pairs it keeps apart", () => {
  expect(entriesOf([SEEN, ...SPLIT, MERGED]).map((entry) => entry.map(({ assertion }) => assertion))).toEqual(
    [["seen"], ["one", "other", "held"], ["merged"]],
  );
});

test("what holds its parts together belongs to the split, and a merge does not", () => {
  const all = [...SPLIT, MERGED];
  expect(all.map((each) => isSplit(all, each))).toEqual([true, true, true, false]);
  expect(saidTogether(all, MERGED)).toEqual([MERGED]);
  expect(saidTogether([SEEN, ...all], link("seen"))).toEqual([SEEN]);
});
