import { expect, test } from "vitest";
import type { GateReason } from "@/api/types";
import { approvalOf } from "./approval";

const reason = (part: Partial<GateReason>): GateReason => ({
  code: "budget_cap",
  verdict: "hold",
  sentence: "Over the cap.",
  violation: null,
  ...part,
});
const LIMIT = reason({ violation: "budget_exceeded" });
const SIGNAL = reason({ code: "score_low" });

test("what waits or is only suggested is approved plainly", () => {
  expect(approvalOf({ state: "awaiting_approval", reasons: [] })).toBe("plain");
  expect(approvalOf({ state: "proposed", reasons: [reason({ code: "suggest_only" })] })).toBe("plain");
});

test("a held action that breaks only limits is confirmed with a reason", () => {
  expect(approvalOf({ state: "held", reasons: [LIMIT, reason({ code: "approval_required" })] })).toBe(
    "confirm",
  );
});

test("what the evidence holds, or a limit blocks, nobody can wave through", () => {
  expect(approvalOf({ state: "held", reasons: [LIMIT, SIGNAL] })).toBe("none");
  expect(approvalOf({ state: "held", reasons: [SIGNAL] })).toBe("none");
  expect(approvalOf({ state: "held", reasons: [{ ...LIMIT, verdict: "block" }] })).toBe("none");
  expect(approvalOf({ state: "held", reasons: [] })).toBe("none");
});

test("what has ended is not approved any more", () => {
  expect(approvalOf({ state: "blocked", reasons: [LIMIT] })).toBe("none");
  expect(approvalOf({ state: "verified", reasons: [] })).toBe("none");
});
