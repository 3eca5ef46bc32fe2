import { accessToken, refreshSession } from "./session";
import { type ServerSentEvent, sseParser } from "./sse";

export interface LiveMessage {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
  readonly id: string;
}

/** `stale`: connected, yet nothing heard, not even a heartbeat, for longer than the server ever stays silent. */
export type LiveStatus = "connecting" | "live" | "stale" | "offline";

interface LiveOptions {
  onMessage: (message: LiveMessage) => void;
  onStatus: (status: LiveStatus) => void;
}

const SILENCE_MS = 45_000;
const STALE_MS = 10_000;
const HIDDEN_MS = 60_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000] as const;

/**
 * One stream for the whole page, resumed by `Last-Event-ID`. It is read with `fetch` since an `EventSource` cannot carry
 * the bearer token. A tab hidden for a minute lets go of its connection (a browser grants six per host) and picks up
 * where it left when it is looked at again.
 */
export class LiveStream {
  private lastEventId: string | null = null;
  private failures = 0;
  private abort: AbortController | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LiveOptions) {}

  start(): void {
    document.addEventListener("visibilitychange", this.onVisibility);
    window.addEventListener("online", this.onOnline);
    void this.connect();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.onVisibility);
    window.removeEventListener("online", this.onOnline);
    clearTimeout(this.hiddenTimer);
    this.disconnect();
  }

  private readonly onOnline = (): void => {
    this.failures = 0;
    this.reconnect();
  };

  private readonly onVisibility = (): void => {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => {
        this.disconnect();
      }, HIDDEN_MS);
    } else if (this.abort === null) this.reconnect();
  };

  private disconnect(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.abort?.abort();
    this.abort = null;
  }

  private reconnect(): void {
    this.disconnect();
    void this.connect();
  }

  private async connect(): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.options.onStatus("connecting");
    try {
      const response = await this.open(abort.signal);
      if (response.status === 401) await refreshSession();
      else if (response.ok && response.body) await this.read(response.body);
    } catch {
      // A network fault and a server's end of stream are answered alike: wait, then resume.
    }
    if (!abort.signal.aborted) this.retryLater();
  }

  private open(signal: AbortSignal): Promise<Response> {
    const headers = new Headers({
      Accept: "text/event-stream",
      Authorization: `Bearer ${accessToken() ?? ""}`,
    });
    if (this.lastEventId !== null) headers.set("Last-Event-ID", this.lastEventId);
    return fetch(`${window.location.origin}/api/v1/events/stream`, { headers, signal, cache: "no-store" });
  }

  private async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    this.failures = 0;
    this.heard();
    const parse = sseParser();
    const reader = stream
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.heard();
      for (const event of parse(value)) this.deliver(event);
    }
  }

  private deliver(event: ServerSentEvent): void {
    if (event.id !== null) this.lastEventId = event.id;
    if (event.data !== "") this.options.onMessage(JSON.parse(event.data) as LiveMessage);
  }

  private heard(): void {
    this.options.onStatus("live");
    clearTimeout(this.silenceTimer);
    clearTimeout(this.retryTimer);
    this.silenceTimer = setTimeout(() => {
      this.options.onStatus("stale");
      this.retryTimer = setTimeout(() => {
        this.reconnect();
      }, STALE_MS);
    }, SILENCE_MS);
  }

  private retryLater(): void {
    clearTimeout(this.silenceTimer);
    this.options.onStatus(navigator.onLine && this.failures < 2 ? "connecting" : "offline");
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 20_000;
    this.failures += 1;
    this.retryTimer = setTimeout(() => void this.connect(), wait * (0.75 + Math.random() / 2));
  }
}
