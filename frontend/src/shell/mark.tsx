/** Three strata. */
export function Mark({ size = 18 }: { size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden className="shrink-0 text-accent">
      <path d="M1.5 12.5h13M1.5 8h9M1.5 3.5h5.5" stroke="currentColor" strokeWidth="2.4" fill="none" />
    </svg>
  );
}
