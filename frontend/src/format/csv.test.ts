import { expect, test } from "vitest";
import { csv } from "./csv";

test("cells that hold commas, quotes and lines are quoted", () => {
  expect(csv([["a,b", 'say "x"', "two\nlines"]])).toBe('"a,b","say ""x""","two\nlines"\r\n');
});

test("numbers are exact and the unknown is empty, not zero", () => {
  expect(csv([[0.123456789, 0, null, "x"]])).toBe("0.123456789,0,,x\r\n");
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)"])("%s, which somebody sent, is no formula", (text) => {
  expect(csv([[text]])).toBe(`'${text}\r\n`);
});
