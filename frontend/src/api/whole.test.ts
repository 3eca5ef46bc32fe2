import { expect, test } from "vitest";
import { whole } from "./whole";

test("the last of 401 is there too", async () => {
  const accounts = Array.from({ length: 401 }, (_, number) => number);
  const { items } = await whole(({ page, limit }) =>
    Promise.resolve({
      items: accounts.slice((page - 1) * limit, page * limit),
      has_next: page * limit < accounts.length,
    }),
  );
  expect(items).toEqual(accounts);
});
