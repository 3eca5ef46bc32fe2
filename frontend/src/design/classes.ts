/** Joins class names, leaving out what is false. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

/** A link in running text. */
export const LINK = "text-accent underline underline-offset-2 hover:text-accent-strong";

/** A list's entry that leads to its page: its underline is quieter than its text. */
export const ENTRY_LINK =
  "font-medium underline decoration-line-strong underline-offset-2 hover:decoration-current";
