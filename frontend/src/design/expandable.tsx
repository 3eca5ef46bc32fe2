import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./classes";

interface ExpandableProps {
  /** The grid's columns, the first one the chevron's (16px). */
  columns: string;
  summary: ReactNode;
  /** Called when it is opened: for a detail that is read only then. */
  onOpen?: () => void;
  children: ReactNode;
}

/** A line of a list that opens to its detail. */
export function Expandable({ columns, summary, onOpen, children }: ExpandableProps) {
  return (
    <li className="border-b border-line last:border-b-0">
      <details
        className="group"
        onToggle={({ currentTarget }) => {
          if (currentTarget.open) onOpen?.();
        }}
      >
        <summary
          className={cx(
            "grid min-h-9 list-none items-center gap-x-3 px-4 py-1.5 hover:bg-sunken max-sm:min-h-11",
            columns,
          )}
        >
          <ChevronRight
            size={14}
            aria-hidden
            className="text-ink-3 transition-transform group-open:rotate-90"
          />
          {summary}
        </summary>
        <div className="border-t border-line bg-canvas px-4 py-3 sm:pl-11">{children}</div>
      </details>
    </li>
  );
}
