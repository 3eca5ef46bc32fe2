import { useState } from "react";
import type { LiveMessage } from "@/api/live";
import { useLiveMessages } from "@/api/live-context";
import { words } from "@/format/words";

function sentence({ type, payload }: LiveMessage): string | null {
  if (type === "autopilot_mode_change" && typeof payload["mode"] === "string")
    return `The autopilot’s mode is now ${words(payload["mode"])}.`;
  if (type === "incident_opened")
    return `Incident opened: ${typeof payload["title"] === "string" ? payload["title"] : "see the overview"}.`;
  return null;
}

/** Tells a screen reader what changed by itself. */
export function Announcer() {
  const [text, setText] = useState("");
  useLiveMessages((message) => {
    const next = sentence(message);
    if (next !== null) setText(next);
  });
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {text}
    </p>
  );
}
