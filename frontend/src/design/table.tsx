import type { ComponentProps, ReactNode } from "react";
import { cx } from "./classes";

/** A table that scrolls sideways inside itself, never the page; the region can be reached by keyboard. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    // A scrolling region must take focus, or a keyboard cannot scroll it; `relative`, or what is hidden in it for a
    // screen reader alone lies outside of it and widens the page.
    <div role="group" aria-label={label} tabIndex={0} className="relative overflow-x-auto">
      <table className="w-full border-collapse text-left">{children}</table>
    </div>
  );
}

interface CellProps extends ComponentProps<"td"> {
  figure?: boolean;
}

export function Th({ figure = false, className, ...rest }: ComponentProps<"th"> & { figure?: boolean }) {
  return (
    <th
      scope="col"
      className={cx(
        "h-8 border-b border-line px-3 text-sm font-medium whitespace-nowrap text-ink-3 first:pl-4 last:pr-4",
        figure && "text-right",
        className,
      )}
      {...rest}
    />
  );
}

/** The column of a row's buttons: named for those who cannot see it. */
export function ThActions() {
  return (
    <Th>
      <span className="sr-only">Actions</span>
    </Th>
  );
}

export function Td({ figure = false, className, ...rest }: CellProps) {
  return (
    <td
      className={cx(
        "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-4",
        figure && "text-right",
        className,
      )}
      {...rest}
    />
  );
}

export function Tr({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={cx("last:[&>td]:border-b-0", className)} {...rest} />;
}

/** A row, and what is long in it: a column of its own on a wide screen, a line under the row on a phone. */
export function TrWithNote({ cells, note, columns }: { cells: ReactNode; note: ReactNode; columns: number }) {
  return (
    <>
      <Tr className="max-sm:[&>td]:border-b-0">
        {cells}
        <Td className="min-w-64 text-ink-2 max-sm:hidden">{note}</Td>
      </Tr>
      <Tr className="sm:hidden">
        <Td colSpan={columns} className="pt-0 text-ink-2">
          {note}
        </Td>
      </Tr>
    </>
  );
}
