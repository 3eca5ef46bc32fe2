import { Link } from "@tanstack/react-router";
import type { TriageItem } from "@/api/types";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { words } from "@/format/words";

const TONES: Readonly<Record<TriageItem["severity"], Tone>> = {
  critical: "block",
  warning: "hold",
  info: "muted",
};
const ORDER: readonly TriageItem["severity"][] = ["critical", "warning", "info"];

export function Triage({ items }: { items: readonly TriageItem[] }) {
  if (items.length === 0)
    return (
      <Empty title="Nothing waits for you.">
        Incidents, approvals, lost connections, broken limits and events that are set aside come here, each
        with its reason.
      </Empty>
    );
  const sorted = items.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <ul>
      {sorted.map((item) => (
        <li
          key={`${item.kind}:${item.entity_id ?? item.title}`}
          className="grid items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 sm:grid-cols-[112px_minmax(0,1fr)_auto]"
        >
          <div className="flex gap-3 text-sm text-ink-2 sm:flex-col sm:gap-0">
            <Status tone={TONES[item.severity]}>{words(item.kind)}</Status>
            {item.since !== null && (
              <span className="text-ink-3 sm:pl-3.5">
                <Age domain at={item.since} />
              </span>
            )}
          </div>
          <div className="min-w-0">
            <h3 className="font-medium">{item.title}</h3>
            <p className="max-w-prose text-ink-2">{item.reason}</p>
          </div>
          <Button asChild className="max-sm:w-full">
            <Link to={item.action.href}>{item.action.label}</Link>
          </Button>
        </li>
      ))}
    </ul>
  );
}
