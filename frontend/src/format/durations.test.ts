import { expect, test } from "vitest";
import { duration, spans } from "./durations";

test("a time is told by its two largest units", () => {
  expect(duration(0)).toBe("0 s");
  expect(duration(0.44)).toBe("0.4 s");
  expect(duration(59.6)).toBe("1 min");
  expect(duration(61)).toBe("1 min 1 s");
  expect(duration(3_600)).toBe("1 h");
  expect(duration(86_400 * 2 + 4 * 3_600 + 59)).toBe("2 d 4 h");
});

test("the parts of a spread meet each other", () => {
  expect(spans([0, 10, 60])).toEqual(["under 10 s", "10 s – 1 min", "1 min or more"]);
});
