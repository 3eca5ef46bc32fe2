import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";

const NONE = { items: [], next_cursor: null, limit: 50 };
const WORDS = { events: [], properties: [], traits: [], computed: [], currencies: [], since: null };
const FIRST_PAGE = Array.from({ length: 200 }, (_, number) => ({
  id: `id-${number}`,
  name: `A zebra ${number}`,
}));
const ZEBRA = { id: "0199aaaa-0000-7000-8000-0000000000b1", name: "zebra" };

/** A company with so many segments that the one that is wanted comes on the second page of those with its name. */
async function asking() {
  const { server } = quietTenant(["cdp.exports:read", "cdp.exports:write", "cdp.segments:read"]);
  server
    .on("GET /cdp/exports", NONE)
    .on("GET /cdp/exports/columns", {
      columns: [{ name: "email", holds: "sha256", description: "E-mail address" }],
    })
    .on("GET /cdp/segments/vocabulary", {
      ...WORDS,
      sampled_events: 1,
      sampled_profiles: 1,
      traits: [{ name: "tier", kinds: ["text"], values: [], sealed: false }],
    })
    .on("GET /cdp/segments", ({ url }: Request) => {
      const query = new URL(url).searchParams;
      if (query.get("q") === "nobody") return { items: [], has_next: false };
      return query.get("page") === "2"
        ? { items: [ZEBRA], has_next: false }
        : { items: FIRST_PAGE, has_next: true };
    })
    .on("POST /cdp/exports", { id: "0199aaaa-0000-7000-8000-0000000000c1" });
  const { user } = open("/people/exports");
  await user.click(await screen.findByRole("button", { name: "New export" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Name"), "Letter");
  return { server, user, dialog };
}

test("a segment beyond the first pages is found by its name", async () => {
  const { server, user, dialog } = await asking();
  await user.type(dialog.getByLabelText("Segment"), "zebra");
  await user.click(dialog.getByRole("button", { name: "Export" }));
  await expect.poll(() => server.asked("POST /cdp/exports")).toHaveLength(1);
  expect(server.asked("POST /cdp/exports")[0]?.body).toMatchObject({ name: "Letter", segment_id: ZEBRA.id });
});

test("a segment that is not there exports nobody, least of all everybody", async () => {
  const { server, user, dialog } = await asking();
  await user.type(dialog.getByLabelText("Segment"), "nobody");
  expect(await dialog.findByText("No segment has that in its name.")).toBeVisible();
  await user.clear(dialog.getByLabelText("Segment"));
  await user.type(dialog.getByLabelText("Segment"), "zebr");
  await user.click(dialog.getByRole("button", { name: "Export" }));
  expect(await dialog.findByText(/No segment is called “zebr”/)).toBeVisible();
  expect(server.asked("POST /cdp/exports")).toHaveLength(0);
});

test("a trait that nobody has lately is a column by its name, one that segments know by a search", async () => {
  const { server, user, dialog } = await asking();
  const find = dialog.getByLabelText("Find one, or name a trait");
  await user.type(find, "tier");
  await user.click(await dialog.findByRole("checkbox", { name: /^trait:tier/ }));
  await user.clear(find);
  await user.type(find, "shoe_size");
  await user.click(await dialog.findByRole("checkbox", { name: /^trait:shoe_size/ }));
  await user.clear(find);
  expect(dialog.getByRole("checkbox", { name: /^trait:shoe_size/ })).toBeChecked();
  await user.click(dialog.getByRole("button", { name: "Export" }));
  await expect.poll(() => server.asked("POST /cdp/exports")).toHaveLength(1);
  const { columns } = server.asked("POST /cdp/exports")[0]?.body as { columns: string[] };
  expect(columns.slice(-2)).toEqual(["trait:tier", "trait:shoe_size"]);
});
