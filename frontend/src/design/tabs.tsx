import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";

/** A link of a row of rooms under one heading. */
export const TAB =
  "inline-flex h-9 shrink-0 items-center border-b-2 border-transparent text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink max-sm:h-11";

/** Scrolls a row sideways, never the page, until the room that is open can be seen. */
function showCurrent(row: HTMLElement | null) {
  const current = row?.querySelector("[aria-current=page]");
  if (row === null || current === null || current === undefined) return;
  const beyond = current.getBoundingClientRect().right - row.getBoundingClientRect().right;
  if (beyond > 0) row.scrollLeft += beyond;
}

/** The rooms of one area, in a row that scrolls sideways where it does not fit. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav
      ref={showCurrent}
      aria-label={label}
      className="flex gap-5 overflow-x-auto border-b border-line max-sm:px-4 print:hidden"
    >
      {children}
    </nav>
  );
}

/** Which part of a list a panel shows, in the panel's header: a `PanelTab` for each. */
export function PanelTabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="flex gap-4">
      {children}
    </nav>
  );
}

function Anchor(props: ComponentProps<"a">) {
  return (
    <a
      {...props}
      className="inline-flex h-8 items-center border-b-2 border-transparent px-1 text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink max-sm:h-10"
    />
  );
}

const AnchorLink = createLink(Anchor);

/** It is the current one when the address says what it says; a parameter that it leaves undefined must be absent. */
export const PanelTab: LinkComponent<typeof Anchor> = (props) => (
  <AnchorLink activeOptions={{ explicitUndefined: true }} {...props} />
);
