import { Status, type Tone } from "@/design/status";
import { integer, percent } from "@/format/numbers";
import { words } from "@/format/words";

const TONES: Readonly<Record<string, Tone>> = {
  draft: "hold",
  queued: "muted",
  running: "accent",
  done: "pass",
  failed: "block",
};
const WORDS: Readonly<Record<string, string>> = {
  draft: "Not started",
  queued: "Waits for its turn",
  running: "Under way",
  ended: "Deleted: somebody in it was erased",
};

/** How far a file is, in one word. */
export function TransferStatus({ status }: { status: string }) {
  return <Status tone={TONES[status] ?? "muted"}>{WORDS[status] ?? words(status)}</Status>;
}

interface ProgressProps {
  label: string;
  done: number;
  /** Null where nobody knows how many there are. */
  total: number | null;
}

/** How many rows are done, of how many where that is known. */
export function RowProgress({ label, done, total }: ProgressProps) {
  if (total === null || total === 0) return <p>{integer(done)} rows so far</p>;
  return (
    <div>
      <progress aria-label={label} value={done} max={total} className="h-2 w-full accent-accent" />
      <p className="text-sm text-ink-2">
        {integer(done)} of {integer(total)} rows · {percent(done / total)}
      </p>
    </div>
  );
}

export const isUnderWay = (status: string): boolean => status === "queued" || status === "running";
