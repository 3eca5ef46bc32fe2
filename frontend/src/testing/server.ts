import { vi } from "vitest";

type Answer = Response | object | null;
type Handler = (request: Request) => Answer | Promise<Answer>;

export interface Seen {
  readonly route: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The API at the edge of the network: answers by "METHOD /path", remembers what it was asked. */
export class Server {
  readonly seen: Seen[] = [];
  private readonly handlers = new Map<string, Handler>();

  constructor() {
    vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) =>
      this.answer(new Request(input, init)),
    );
  }

  on(route: string, answer: Handler | object | null): this {
    this.handlers.set(route, typeof answer === "function" ? (answer as Handler) : () => answer);
    return this;
  }

  asked(route: string): Seen[] {
    return this.seen.filter((seen) => seen.route === route);
  }

  private async answer(request: Request): Promise<Response> {
    const route = `${request.method} ${new URL(request.url).pathname.replace("/api/v1", "")}`;
    const text = await request.clone().text();
    this.seen.push({ route, headers: request.headers, body: text === "" ? null : JSON.parse(text) });
    const handler = this.handlers.get(route);
    if (handler === undefined) return problem(404, "not_found", `Nobody answers ${route} in this test.`);
    const answer = await handler(request);
    if (answer instanceof Response) return answer;
    return answer === null ? new Response(null, { status: 204 }) : Response.json(answer);
  }
}

export function problem(
  status: number,
  code: string,
  error: string,
  fields: readonly { field: string; message: string; code: string }[] | null = null,
): Response {
  return Response.json({ success: false, error, code, fields, request_id: "req-7" }, { status });
}

/** A live stream that a test speaks into. */
export function liveStream() {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  return {
    open: () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(opened) {
            controller = opened;
            opened.enqueue(encoder.encode(": hello\n\n"));
          },
        }),
        { headers: { "Content-Type": "text/event-stream" } },
      ),
    say: (id: string, type: string, payload: object) => {
      const data = JSON.stringify({ id, type, payload, timestamp: "2026-11-23T05:00:00Z" });
      controller?.enqueue(encoder.encode(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`));
    },
    end: () => controller?.close(),
  };
}
