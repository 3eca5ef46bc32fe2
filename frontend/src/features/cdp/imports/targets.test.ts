import { describe, expect, it } from "vitest";
import { withTarget } from "./targets";

const column = { column: "Plan ", to: "ignore", name: null, type: "text" } as const;

describe("another target of a column", () => {
  it("proposes the column's own name where one is wanted", () => {
    expect(withTarget(column, "trait")).toEqual({ ...column, to: "trait", name: "Plan" });
  });

  it("forgets the name where none is", () => {
    expect(withTarget({ ...column, to: "trait", name: "plan" }, "email").name).toBeNull();
  });

  it("stays where the choice is not known", () => {
    expect(withTarget(column, "nonsense")).toBe(column);
  });
});
