import { describe, expect, it } from "vitest";
import { narrowed, offered } from "./columns";

const TOLD = [
  { name: "email", description: "E-mail address" },
  { name: "trait:plan", description: "Trait plan" },
];
const word = (name: string) => ({ name, kinds: [], values: [], sealed: false });
const WORDS = { traits: [word("plan"), word("tier")], computed: [word("spent")] };
const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => name);

describe("the columns of an export", () => {
  it("are those told of, those that segments can ask for, and those chosen, each once", () => {
    expect(names(offered("people", TOLD, WORDS, ["email", "trait:old", "trait:tier"]))).toEqual([
      "email",
      "trait:plan",
      "trait:tier",
      "computed:spent",
      "trait:old",
    ]);
    expect(names(offered("events", TOLD, WORDS, ["property:size"]))).toEqual([
      "email",
      "trait:plan",
      "property:size",
    ]);
  });

  it("are all there while nothing is looked for", () => {
    expect(narrowed("people", TOLD, " ")).toEqual({ fitting: TOLD, named: [] });
  });

  it("can be looked for by name and by words, and named where they are not there", () => {
    const found = narrowed("people", TOLD, "Plan");
    expect(names(found.fitting)).toEqual(["trait:plan"]);
    expect(names(found.named)).toEqual(["trait:Plan", "computed:Plan"]);
    expect(names(narrowed("people", TOLD, "plan").named)).toEqual(["computed:plan"]);
    expect(names(narrowed("people", TOLD, "trait:shoe:size").named)).toEqual(["trait:shoe:size"]);
    expect(narrowed("events", TOLD, "size").named).toEqual([
      { name: "property:size", description: "Property size, by its name" },
    ]);
  });

  it("cannot be longer than the API takes", () => {
    expect(narrowed("events", TOLD, "x".repeat(212)).named).toEqual([]);
  });
});
