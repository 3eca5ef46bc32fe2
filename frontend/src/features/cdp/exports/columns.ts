import type { ExportColumn, ExportCreate, Vocabulary } from "@/api/types";

type What = ExportCreate["what"];
type Offered = Pick<ExportColumn, "name" | "description">;

/** What the API takes at most. */
export const MOST_COLUMNS = 100;
const LONGEST = 220;
const NAMED: Readonly<Record<What, readonly (readonly [string, string])[]>> = {
  people: [
    ["trait", "Trait"],
    ["computed", "Computed trait"],
  ],
  events: [["property", "Property"]],
};

function said(what: What, name: string): string {
  const [prefix = "", ...rest] = name.split(":");
  const kind = NAMED[what].find(([each]) => each === prefix)?.[1] ?? name;
  return `${kind} ${rest.join(":")}`;
}

/** Every column that can be ticked: those told of, those that segments can ask for, and those chosen by their name. */
export function offered(
  what: What,
  told: readonly Offered[],
  words: Pick<Vocabulary, "traits" | "computed"> | undefined,
  chosen: readonly string[],
): readonly Offered[] {
  const known =
    what === "people" && words !== undefined
      ? [
          ...words.traits.map(({ name }) => `trait:${name}`),
          ...words.computed.map(({ name }) => `computed:${name}`),
        ]
      : [];
  const there = new Set(told.map(({ name }) => name));
  const more = new Set([...known, ...chosen].filter((name) => !there.has(name) && name.includes(":")));
  return [...told, ...[...more].map((name) => ({ name, description: said(what, name) }))];
}

/** Those that fit what is looked for; and what it would be as the name of a column that is not among them. */
export function narrowed(
  what: What,
  columns: readonly Offered[],
  sought: string,
): { readonly fitting: readonly Offered[]; readonly named: readonly Offered[] } {
  const text = sought.trim();
  if (text === "") return { fitting: columns, named: [] };
  const fits = (words: string) => words.toLowerCase().includes(text.toLowerCase());
  const whole = NAMED[what].some(([prefix]) => text.startsWith(`${prefix}:`) && text !== `${prefix}:`);
  const there = new Set(columns.map(({ name }) => name));
  const named = (whole ? [text] : NAMED[what].map(([prefix]) => `${prefix}:${text}`)).filter(
    (name) => !there.has(name) && name.length <= LONGEST,
  );
  return {
    fitting: columns.filter(({ name, description }) => fits(name) || fits(description)),
    named: named.map((name) => ({ name, description: `${said(what, name)}, by its name` })),
  };
}
