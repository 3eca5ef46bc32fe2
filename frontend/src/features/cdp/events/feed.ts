import type { LiveMessage } from "@/api/live";
import type { EventSearch } from "./filters";

/** What a live message tells of one event that was stored, or of one that was refused. */
export interface Line {
  readonly id: string;
  readonly refused: boolean;
  readonly name: string | null;
  readonly messageId: string | null;
  readonly source: string | null;
  readonly at: string;
  /** The event's kind; of a refused one, why it was. */
  readonly told: string;
}

export interface Feed {
  /** The newest first. */
  readonly lines: readonly Line[];
  /** How many came since it was opened, shown here or not. */
  readonly stored: number;
  readonly refused: number;
}

/** More lines than that are nobody's to read. */
export const MOST_LINES = 200;

export const NOTHING: Feed = { lines: [], stored: 0, refused: 0 };

type Told = Readonly<Record<string, unknown>>;

const list = (value: unknown): Told[] => (Array.isArray(value) ? (value as Told[]) : []);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const count = (value: unknown, atLeast: number): number => (typeof value === "number" ? value : atLeast);

function storedLine(event: Told): Line {
  return {
    id: String(event["id"]),
    refused: false,
    name: text(event["event_name"]),
    messageId: text(event["message_id"]),
    source: text(event["source_id"]),
    at: String(event["received_at"]),
    told: String(event["event_type"]),
  };
}

function refusedLine(verdict: Told): Line {
  return {
    id: String(verdict["id"]),
    refused: true,
    name: text(verdict["event_name"]),
    messageId: text(verdict["message_id"]),
    source: text(verdict["source_id"]),
    at: String(verdict["last_at"]),
    told: String(verdict["reason"]),
  };
}

/** The feed after one more message: each event stands there once, the newest above. */
export function fed(feed: Feed, { type, payload }: LiveMessage): Feed {
  const refused = type === "cdp_verdict";
  if (!refused && type !== "cdp_event") return feed;
  const came = refused ? list(payload["verdicts"]).map(refusedLine) : list(payload["events"]).map(storedLine);
  const ids = new Set(came.map(({ id }) => id));
  const lines = [...came, ...feed.lines.filter(({ id }) => !ids.has(id))]
    .sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0))
    .slice(0, MOST_LINES);
  const number = count(payload["of"], came.length);
  return {
    lines,
    stored: feed.stored + (refused ? 0 : number),
    refused: feed.refused + (refused ? number : 0),
  };
}

/** Whether a line is one of those that are looked for. */
export function fits(line: Line, { name, source, message }: EventSearch): boolean {
  return (
    (name === undefined || line.name === name) &&
    (source === undefined || line.source === source) &&
    (message === undefined || line.messageId === message)
  );
}
