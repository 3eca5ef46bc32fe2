import type { ReactNode } from "react";

/** A link of a row of rooms under one heading. */
export const TAB =
  "inline-flex h-9 shrink-0 items-center border-b-2 border-transparent text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink max-sm:h-11";

/** The same within a panel's header. */
export const PANEL_TAB =
  "inline-flex h-8 items-center border-b-2 border-transparent px-1 text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink max-sm:h-10";

/** The rooms of one area, in a row that scrolls sideways where it does not fit. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="flex gap-5 overflow-x-auto border-b border-line max-sm:px-4">
      {children}
    </nav>
  );
}
