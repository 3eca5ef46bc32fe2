import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useEffectEvent, useMemo, useState } from "react";
import { invalidateFor } from "./invalidation";
import { type LiveMessage, type LiveStatus, LiveStream } from "./live";

type Handler = (message: LiveMessage) => void;

interface Live {
  readonly status: LiveStatus;
  readonly lastMessageAt: string | null;
  readonly subscribe: (handler: Handler) => () => void;
}

const LiveContext = createContext<Live | null>(null);

/** Holds the page's one stream, and refreshes what each message made stale. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>("connecting");
  const [lastMessageAt, setLastMessageAt] = useState<string | null>(null);
  const [handlers] = useState(() => new Set<Handler>());

  useEffect(() => {
    const stream = new LiveStream({
      onStatus: setStatus,
      onMessage: (message) => {
        setLastMessageAt(message.timestamp);
        invalidateFor(client, message.type);
        for (const handler of handlers) handler(message);
      },
    });
    stream.start();
    return () => {
      stream.stop();
    };
  }, [client, handlers]);

  const live = useMemo<Live>(
    () => ({
      status,
      lastMessageAt,
      subscribe: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    }),
    [status, lastMessageAt, handlers],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error("useLive stands outside LiveProvider");
  return live;
}

/** Calls the handler for each message while the component is on the page. */
export function useLiveMessages(handler: Handler): void {
  const { subscribe } = useLive();
  const onMessage = useEffectEvent(handler);
  useEffect(
    () =>
      subscribe((message) => {
        onMessage(message);
      }),
    [subscribe],
  );
}
