import { describe, expect, test } from "vitest";
import { part, share } from "./shares";

describe("a share", () => {
  test("is all or none only where it is", () => {
    expect(share(1)).toBe("100%");
    expect(share(0)).toBe("0%");
    expect(share(0.9996)).toBe(">99.9%");
    expect(share(0.999_999)).toBe(">99.9%");
    expect(share(0.0004)).toBe("<0.1%");
    expect(share(1e-9)).toBe("<0.1%");
  });

  test("is rounded to a tenth of a percent", () => {
    expect(share(2 / 3)).toBe("66.7%");
    expect(share(0.5)).toBe("50.0%");
    expect(share(0.9994)).toBe("99.9%");
    expect(share(0.0005)).toBe("0.1%");
  });

  test("of nobody is unknown, not zero", () => {
    expect(part(0, 0)).toBeNull();
    expect(share(part(0, 0))).toBe("—");
    expect(share(part(0, 5))).toBe("0%");
  });
});
