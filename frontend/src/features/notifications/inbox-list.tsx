import { Link } from "@tanstack/react-router";
import type { Notification, NotificationSeverity } from "@/api/types";
import { cx, ENTRY_LINK } from "@/design/classes";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Status, type Tone } from "@/design/status";
import { words } from "@/format/words";
import { useRead } from "./queries";

const TONES: Readonly<Record<NotificationSeverity, Tone>> = {
  critical: "block",
  warning: "hold",
  info: "muted",
};

interface InboxListProps {
  items: readonly Notification[];
  /** In the bell's panel there is no room for the text. */
  short?: boolean;
  onFollow?: () => void;
}

/** Newest first. To follow one is to have read it. */
export function InboxList({ items, short = false, onFollow }: InboxListProps) {
  return (
    <ul>
      {items.map((item) => (
        <InboxLine key={item.id} item={item} short={short} onFollow={onFollow} />
      ))}
    </ul>
  );
}

interface InboxLineProps {
  item: Notification;
  short: boolean;
  onFollow: (() => void) | undefined;
}

function InboxLine({ item, short, onFollow }: InboxLineProps) {
  const read = useRead();
  const unread = item.read_at === null;
  return (
    <li className={cx("border-b border-line px-4 py-2 last:border-b-0", unread && "bg-canvas")}>
      <div className="flex items-baseline justify-between gap-3">
        <Link
          to={item.room}
          className={cx("min-w-0 break-words", unread ? ENTRY_LINK : "text-ink-2 hover:text-ink")}
          onClick={() => {
            if (unread) read.mutate(item.id);
            onFollow?.();
          }}
        >
          {unread && <span className="sr-only">Unread: </span>}
          {item.title}
        </Link>
        <span className="shrink-0 text-sm text-ink-3">
          <Age at={item.received_at} />
        </span>
      </div>
      <div className="mt-0.5 flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-sm text-ink-2">
        <span className="flex items-center gap-3 text-ink">
          <Status tone={TONES[item.severity]}>{words(item.severity)}</Status>
          {item.times > 1 && <span>{item.times} times</span>}
        </span>
        {unread && !short && (
          <Button
            tone="quiet"
            busy={read.isPending}
            onClick={() => {
              read.mutate(item.id);
            }}
          >
            Mark as read
          </Button>
        )}
      </div>
      {!short && <p className="max-w-prose whitespace-pre-line text-ink-2">{item.text}</p>}
    </li>
  );
}
