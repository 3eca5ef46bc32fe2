import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Intervention } from "@/api/types";
import { cx, LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Status, type Tone } from "@/design/status";
import { words } from "@/format/words";
import { AutopilotFrame } from "../autopilot-frame";
import { interventionsQuery } from "./queries";

const TONES: Readonly<Record<string, Tone>> = {
  warned: "hold",
  blocked: "block",
  override_logged: "accent",
};

function toneOf({ kind, detail }: Intervention): Tone {
  if (kind === "kill_switch_changed") return detail["engaged"] === true ? "block" : "pass";
  return TONES[kind] ?? "muted";
}

export function InterventionsRoom() {
  const interventions = useInfiniteQuery(interventionsQuery);
  return (
    <AutopilotFrame>
      <Panel title="What limits and the kill switch did">
        <Listed
          query={interventions}
          more="Earlier interventions"
          empty={
            <Empty title="No limit was met yet, and nobody pressed the kill switch.">
              A limit that warns, blocks or is overridden stands here with who it met and why.
            </Empty>
          }
        >
          {(items) => (
            <ul>
              {items.map((each) => (
                <InterventionLine key={each.id} intervention={each} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </AutopilotFrame>
  );
}

function InterventionLine({ intervention }: { intervention: Intervention }) {
  const { kind, violation, sentence, actor, action_id, at } = intervention;
  return (
    <li className="grid items-start gap-x-4 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0 sm:grid-cols-[152px_minmax(0,1fr)_auto_72px]">
      <Status tone={toneOf(intervention)}>{words(kind)}</Status>
      <div className="min-w-0">
        <p>{sentence}</p>
        <p className="text-ink-2">
          {violation !== null && `${words(violation)} · `}
          {actor}
        </p>
      </div>
      {action_id === null ? (
        <span />
      ) : (
        <Link
          to="/autopilot/actions/$actionId"
          params={{ actionId: action_id }}
          className={cx("max-sm:py-1", LINK)}
        >
          The action
        </Link>
      )}
      <span className="text-ink-3 sm:text-right">
        <Age domain at={at} />
      </span>
    </li>
  );
}
