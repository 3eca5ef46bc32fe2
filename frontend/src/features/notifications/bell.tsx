import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { Popover } from "radix-ui";
import { useId, useState } from "react";
import { useCan } from "@/api/permissions";
import { LINK } from "@/design/classes";
import { Listed } from "@/design/listed";
import { Empty } from "@/design/states";
import { InboxList } from "./inbox-list";
import { inboxQuery, unreadQuery } from "./queries";
import { ReadAll } from "./read-all";

/** How many are unread, live; it opens the newest of them. */
export function Bell() {
  const mayRead = useCan("notifications:read");
  return mayRead && <OwnBell />;
}

function OwnBell() {
  const [open, setOpen] = useState(false);
  const title = useId();
  const unread = useQuery(unreadQuery);
  const count = unread.data?.unread ?? 0;
  const shown = unread.data?.is_more === true ? `${count}+` : String(count);
  const label = count === 0 ? "Notifications" : `Notifications: ${shown} unread`;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        aria-label={label}
        title={label}
        className="relative inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-sunken hover:text-ink max-sm:size-10"
      >
        <BellIcon size={16} aria-hidden />
        {count > 0 && (
          <span
            aria-hidden
            className="absolute top-0 right-0 rounded-full bg-accent px-1 text-xs leading-4 font-semibold text-on-accent"
          >
            {shown}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-labelledby={title}
          className="z-50 flex max-h-[70dvh] w-96 max-w-[calc(100vw-16px)] flex-col rounded-lg border border-line-strong bg-raised text-ink shadow-lg"
        >
          <Panel
            title={title}
            count={count}
            onFollow={() => {
              setOpen(false);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Panel({ title, count, onFollow }: { title: string; count: number; onFollow: () => void }) {
  const inbox = useInfiniteQuery(inboxQuery(false));
  return (
    <>
      <div className="flex min-h-10 items-center justify-between gap-3 border-b border-line px-4 py-1">
        <h2 id={title} className="font-semibold">
          Notifications
        </h2>
        <ReadAll count={count} seenAt={inbox.data?.pages[0]?.items[0]?.received_at ?? null} />
      </div>
      <div tabIndex={0} role="group" aria-label="The newest" className="min-h-0 overflow-y-auto">
        <Listed query={inbox} more="Earlier ones" empty={<Empty title="You were told nothing yet." />}>
          {(items) => <InboxList items={items} short onFollow={onFollow} />}
        </Listed>
      </div>
      <div className="flex justify-between gap-3 border-t border-line px-4 py-2">
        <Link to="/notifications" className={LINK} onClick={onFollow}>
          All of them
        </Link>
        <Link to="/settings/notifications" className={LINK} onClick={onFollow}>
          What you are told
        </Link>
      </div>
    </>
  );
}
