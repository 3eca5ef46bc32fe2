import { type ReactNode, useId } from "react";
import { cx } from "./classes";

interface PanelProps {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A region under a hairline: its heading names it to a screen reader too. */
export function Panel({ title, aside, children, className }: PanelProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={cx("border-y border-line bg-surface sm:rounded-lg sm:border-x", className)}
    >
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-1">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

interface PageProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, lead, actions, children }: PageProps) {
  return (
    <div className="mx-auto max-w-[1280px] sm:px-6">
      <title>{`${title} · Stratum`}</title>
      <header className="flex flex-wrap items-end justify-between gap-3 px-4 pt-5 pb-4 sm:px-0">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {lead !== undefined && <p className="mt-0.5 text-ink-2">{lead}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="space-y-4 pb-10">{children}</div>
    </div>
  );
}

/** Terms and their values in two columns. */
export function Facts({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <dl className={cx("grid grid-cols-[fit-content(50%)_minmax(0,1fr)] gap-x-4 gap-y-1", className)}>
      {children}
    </dl>
  );
}

interface FactProps {
  term: string;
  children: ReactNode;
  /** Facts of its own: on a phone they stand under their term, not beside it. */
  nested?: boolean;
}

export function Fact({ term, children, nested = false }: FactProps) {
  return (
    <>
      <dt className={cx("text-ink-2", nested && "max-sm:col-span-2")}>{term}</dt>
      <dd
        className={cx(
          "min-w-0",
          nested && "max-sm:col-span-2 max-sm:border-l max-sm:border-line max-sm:pl-3",
        )}
      >
        {children}
      </dd>
    </>
  );
}
