export interface ServerSentEvent {
  readonly id: string | null;
  readonly data: string;
}

/** A parser fed with chunks as they arrive, cut anywhere; it yields the events that are whole. */
export function sseParser(): (chunk: string) => ServerSentEvent[] {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    const blocks: ServerSentEvent[] = [];
    let consumed = 0;
    let id: string | null = null;
    let data: string[] = [];
    for (let index = 0; index < lines.length - 1; index += 1) {
      const line = lines[index] ?? "";
      if (line === "") {
        if (id !== null || data.length > 0) blocks.push({ id, data: data.join("\n") });
        id = null;
        data = [];
        consumed = index + 1;
      } else if (line.startsWith("id:")) id = line.slice(3).trimStart();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
    rest = lines.slice(consumed).join("\n");
    return blocks;
  };
}
