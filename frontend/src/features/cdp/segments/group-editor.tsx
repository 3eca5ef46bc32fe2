import {
  ArrowDown,
  ArrowUp,
  Copy,
  FolderInput,
  FolderOutput,
  FolderPlus,
  MoreHorizontal,
  Plus,
  Trash2,
} from "lucide-react";
import { type Dispatch, useId } from "react";
import type { Vocabulary } from "@/api/types";
import { Button, IconButton } from "@/design/button";
import { cx } from "@/design/classes";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/shell/menu";
import { ConditionEditor } from "./condition-editor";
import { blank, type ConditionKind, missing } from "./conditions";
import { Pick } from "./inline";
import { plain, told } from "./sentences";
import { headOf, joiner } from "./told";
import {
  added,
  duplicated,
  type Group,
  groupOf,
  hasRoom,
  type Leaf,
  leafOf,
  type Move,
  moved,
  movesOf,
  type Part,
  removed,
  withCondition,
  withJoin,
  withNegated,
} from "./tree";

export interface Building {
  readonly root: Group;
  readonly set: Dispatch<Group>;
  readonly vocabulary: Vocabulary | undefined;
  /** By the part's key, what the API says is wrong with it. */
  readonly faults: ReadonlyMap<string, string>;
  /** Whether somebody tried to save: then what is missing is said beside each condition. */
  readonly strict: boolean;
}

const HEADS = {
  all: "All of these",
  any: "Any of these",
  none: "None of these",
  some_not: "Not all of these",
};
type Head = keyof typeof HEADS;

function headFor({ join, negated }: Group): Head {
  if (join === "all") return negated ? "some_not" : "all";
  return negated ? "none" : "any";
}

function withHead(root: Group, key: string, head: Head): Group {
  const joined = withJoin(root, key, head === "all" || head === "some_not" ? "all" : "any");
  return withNegated(joined, key, head === "none" || head === "some_not");
}

const KINDS: readonly (readonly [ConditionKind, string, string])[] = [
  ["event", "Something they did", "an event: how often, when, worth how much"],
  ["trait", "A trait", "what was said of them, such as their plan"],
  ["computed", "A computed trait", "what is worked out of their events"],
  ["money", "Money", "what they paid or got back, in all"],
  ["counter", "A count", "their events, orders, refunds"],
  ["time", "A time", "first or last seen, first or last ordered"],
  ["lifecycle", "Stage", "anonymous, known, customer, churned"],
  ["has", "Can be reached", "whether there is an e-mail address, a phone number"],
];

export function GroupEditor({ group, building }: { group: Group; building: Building }) {
  const isRoot = group.key === building.root.key;
  const fault = building.faults.get(group.key);
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={cx(
        "min-w-0 rounded-lg border-l-4 bg-surface",
        group.join === "all" ? "border-l-accent" : "border-l-hold",
        !isRoot && "border border-line bg-canvas",
      )}
    >
      <header className="flex flex-wrap items-center gap-2 px-3 pt-2">
        <span id={id} className="sr-only">
          {isRoot ? "The rule" : "A group"}: {headOf(group)}
        </span>
        {isRoot && <span aria-hidden>People for whom</span>}
        <Pick
          label={isRoot ? "Which of the conditions must hold" : "Which conditions of the group must hold"}
          value={headFor(group)}
          options={HEADS}
          onPick={(head) => {
            building.set(withHead(building.root, group.key, head));
          }}
          className="font-semibold"
        />
        <span aria-hidden>hold</span>
        {!isRoot && (
          <span className="ml-auto">
            <Actions part={group} building={building} name="the group" />
          </span>
        )}
      </header>
      {fault !== undefined && <Fault text={fault} />}
      <ol className="px-3 py-2">
        {group.of.map((part, index) => (
          <li key={part.key}>
            {index > 0 && (
              <p className="py-1 pl-1 text-xs font-semibold tracking-wide text-ink-3 uppercase">
                {joiner(group)}
              </p>
            )}
            {part.kind === "group" ? (
              <GroupEditor group={part} building={building} />
            ) : (
              <LeafEditor leaf={part} building={building} />
            )}
          </li>
        ))}
      </ol>
      <Adding group={group} building={building} />
    </section>
  );
}

function Adding({ group, building }: { group: Group; building: Building }) {
  const { root, set, vocabulary } = building;
  const room = hasRoom(root, group.key);
  const add = (kind: ConditionKind) => {
    set(added(root, group.key, leafOf(blank(kind, vocabulary?.currencies[0]))));
  };
  return (
    <div className="flex flex-wrap gap-1 px-3 pb-3">
      <Menu
        trigger={
          <Button disabled={!room}>
            <Plus size={14} aria-hidden />
            Add a condition
          </Button>
        }
      >
        <MenuLabel>Ask about…</MenuLabel>
        {KINDS.map(([kind, label, hint]) => (
          <MenuItem
            key={kind}
            onSelect={() => {
              add(kind);
            }}
          >
            <span className="font-medium">{label}</span>
            <span className="text-sm text-ink-3 max-sm:hidden">{hint}</span>
          </MenuItem>
        ))}
      </Menu>
      {hasRoom(root, group.key, 2) && (
        <Button
          tone="quiet"
          onClick={() => {
            set(
              added(root, group.key, groupOf([leafOf(blank("event"))], group.join === "all" ? "any" : "all")),
            );
          }}
        >
          <FolderPlus size={14} aria-hidden />
          Add a group
        </Button>
      )}
    </div>
  );
}

function LeafEditor({ leaf, building }: { leaf: Leaf; building: Building }) {
  const { root, set, vocabulary, faults, strict } = building;
  const open = missing(leaf.condition);
  const fault = faults.get(leaf.key) ?? (strict ? (open ?? undefined) : undefined);
  return (
    <div
      role="group"
      aria-label={`Condition: ${plain(told(leaf.condition, leaf.negated))}`}
      className={cx(
        "flex items-start gap-2 rounded-md border bg-surface py-2 pr-1 pl-2",
        fault === undefined ? "border-line" : "border-block",
      )}
    >
      <div className="flex min-w-0 grow flex-wrap items-center gap-1.5">
        <button
          type="button"
          aria-pressed={leaf.negated}
          title="Turn the condition round: it must not hold"
          onClick={() => {
            set(withNegated(root, leaf.key, !leaf.negated));
          }}
          className="h-8 rounded-md border border-line px-1.5 text-xs font-semibold tracking-wide text-ink-3 uppercase hover:border-line-strong aria-pressed:border-block aria-pressed:bg-block-soft aria-pressed:text-block max-sm:h-10"
        >
          not
        </button>
        <ConditionEditor
          condition={leaf.condition}
          vocabulary={vocabulary}
          onChange={(condition) => {
            set(withCondition(root, leaf.key, condition));
          }}
        />
        {fault !== undefined && <Fault text={fault} />}
      </div>
      <Actions part={leaf} building={building} name="the condition" />
    </div>
  );
}

/** The API's words, its marks for names turned into people's. */
function Fault({ text }: { text: string }) {
  return (
    <p role="alert" className="w-full px-3 text-sm text-block">
      {text.replaceAll(/`([^`]*)`/g, (_, name: string) => `“${name.replaceAll("_", " ")}”`)}
    </p>
  );
}

const MOVES: readonly (readonly [Move, string, typeof ArrowUp])[] = [
  ["up", "Move up", ArrowUp],
  ["down", "Move down", ArrowDown],
  ["in", "Move into a group", FolderInput],
  ["out", "Move out of the group", FolderOutput],
];

function Actions({ part, building, name }: { part: Part; building: Building; name: string }) {
  const { root, set } = building;
  const possible = movesOf(root, part.key);
  return (
    <span className="inline-flex">
      <Menu
        trigger={
          <IconButton label={`Move or copy ${name}`}>
            <MoreHorizontal size={16} aria-hidden />
          </IconButton>
        }
      >
        {MOVES.map(([move, label, Icon]) => (
          <MenuItem
            key={move}
            disabled={!possible.has(move)}
            onSelect={() => {
              set(moved(root, part.key, move));
            }}
          >
            <Icon size={14} aria-hidden />
            {label}
          </MenuItem>
        ))}
        <MenuLine />
        <MenuItem
          onSelect={() => {
            set(duplicated(root, part.key));
          }}
        >
          <Copy size={14} aria-hidden />
          Copy
        </MenuItem>
      </Menu>
      <IconButton
        label={`Remove ${name}`}
        onClick={() => {
          set(removed(root, part.key));
        }}
      >
        <Trash2 size={14} aria-hidden />
      </IconButton>
    </span>
  );
}
