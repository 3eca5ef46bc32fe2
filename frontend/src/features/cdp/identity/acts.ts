import type { IdentityLink } from "@/api/types";

/** What was said at once with a link, itself included: by an event, or in one act of a person. */
export function saidTogether(links: readonly IdentityLink[], link: IdentityLink): readonly IdentityLink[] {
  return links.filter((each) =>
    link.act === null ? each.assertion === link.assertion : each.act === link.act,
  );
}

/** Whether a link was made by a split: what holds its parts together was, too. */
export function isSplit(links: readonly IdentityLink[], link: IdentityLink): boolean {
  return (
    link.kind === "apart" ||
    (link.act !== null && links.some((each) => each.act === link.act && each.kind === "apart"))
  );
}

/** The entries of a graph's history: a split is one, whatever number of pairs it keeps apart. */
export function entriesOf(links: readonly IdentityLink[]): readonly (readonly IdentityLink[])[] {
  const acts = new Map<string, IdentityLink[]>();
  const entries: IdentityLink[][] = [];
  for (const link of links) {
    const held = link.act === null || !isSplit(links, link) ? undefined : acts.get(link.act);
    if (held !== undefined) {
      held.push(link);
      continue;
    }
    const entry = [link];
    entries.push(entry);
    if (link.act !== null) acts.set(link.act, entry);
  }
  return entries;
}
