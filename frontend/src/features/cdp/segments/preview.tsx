import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "@/api/errors";
import type { Lifecycle } from "@/api/types";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { LifecycleStatus, PersonLink } from "../profiles/person";
import { missing } from "./conditions";
import { type Previewed, previewQuery } from "./queries";
import { conditionsOf, type Group, toRule } from "./tree";
import { useDebounced } from "./use-debounced";

const STANDS_FOR_MS = 450;

/** What of a tree is still open; null where it can be asked. */
export function openPart(root: Group): string | null {
  const leaves = conditionsOf(root);
  if (leaves.length === 0) return "Add a condition to see who it holds for.";
  for (const { condition } of leaves) {
    const open = missing(condition);
    if (open !== null) return open;
  }
  return toRule(root) === null ? "A group has no condition yet." : null;
}

/** The preview of a tree, once it has stood still for a moment. */
export function usePreview(root: Group) {
  const settled = useDebounced(root, STANDS_FOR_MS);
  const rule = useMemo(
    () => (openPart(settled) === null ? (toRule(settled)?.rule ?? null) : null),
    [settled],
  );
  const preview = useQuery(previewQuery(rule));
  return { preview, stale: settled !== root || preview.isFetching, asked: rule !== null };
}

type PreviewState = ReturnType<typeof usePreview>;

interface PreviewPanelProps {
  root: Group;
  state: PreviewState;
}

export function PreviewPanel({ root, state }: PreviewPanelProps) {
  const open = openPart(root);
  const counting = open === null && (state.stale || !state.asked);
  return (
    <Panel
      title="Who it holds for"
      aside={<Took data={state.preview.data} counting={counting} open={open !== null} />}
    >
      <div aria-live="polite" aria-busy={counting}>
        {open === null ? (
          <Answer preview={state.preview} counting={counting} />
        ) : (
          <p className="p-4 text-ink-2">{open}</p>
        )}
      </div>
    </Panel>
  );
}

function Answer({ preview, counting }: { preview: PreviewState["preview"]; counting: boolean }) {
  if (preview.isError && !counting) return <Failed error={preview.error} />;
  if (preview.data === undefined) return <p className="p-4 text-ink-2">Counting…</p>;
  return <Found data={preview.data} dimmed={counting} />;
}

function Took({ data, counting, open }: { data: Previewed | undefined; counting: boolean; open: boolean }) {
  if (open) return null;
  if (counting) return <span className="text-sm text-ink-3">counting…</span>;
  if (data === undefined) return null;
  return <span className="text-sm text-ink-3">exact, in {integer(data.tookMs)} ms</span>;
}

function Failed({ error }: { error: Error }) {
  if (error instanceof ApiError && Object.keys(error.fields).length > 0)
    return <p className="p-4 text-ink-2">Mend what is marked in the rule to see who it holds for.</p>;
  return <ErrorNote error={error} />;
}

function Found({ data, dimmed }: { data: Previewed; dimmed: boolean }) {
  const { count, total, sample } = data;
  return (
    <div className={dimmed ? "opacity-55 transition-opacity" : "transition-opacity"}>
      <div className="px-4 py-3">
        <p>
          <span className="text-figure font-semibold tracking-tight">{integer(count)}</span>{" "}
          <span className="text-ink-2">
            of {plural(total, "person", "people")}
            {total > 0 && ` · ${share(count, total)}`}
          </span>
        </p>
        <div aria-hidden className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken">
          <div
            className="h-full rounded-full bg-accent transition-[width]"
            style={{ width: `${total === 0 ? 0 : Math.max(count > 0 ? 1 : 0, (count / total) * 100)}%` }}
          />
        </div>
      </div>
      {sample.length > 0 && (
        <>
          <h3 className="border-t border-line px-4 pt-2 text-sm text-ink-3">Some of them</h3>
          <ul className="px-4 pb-3">
            {sample.map((each) => (
              <li key={each.id} className="flex items-center justify-between gap-3 py-1">
                <PersonLink profileId={each.id} />
                <LifecycleStatus lifecycle={each.lifecycle as Lifecycle} />
                <span className="text-ink-3">
                  <Age domain at={each.last_seen_at} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {count === 0 && <p className="px-4 pb-3 text-ink-2">Nobody is like that just now.</p>}
    </div>
  );
}

function share(count: number, total: number): string {
  return new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(
    count / total,
  );
}
