import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { IconButton } from "@/design/button";
import { cx } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { campaignsQuery } from "@/features/campaigns/queries";
import { ROOMS } from "./rooms";

interface Command {
  readonly key: string;
  readonly label: string;
  readonly kind: string;
  readonly go: () => void;
}

/** ⌘K or Ctrl K: any room or campaign by a few letters of its name. */
export function CommandPalette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
    };
  }, []);
  return (
    <>
      <IconButton
        label="Go to… (Ctrl K)"
        onClick={() => {
          setOpen(true);
        }}
      >
        <Search size={16} aria-hidden />
      </IconButton>
      <Dialog open={open} onOpenChange={setOpen} title="Go to">
        <Commands
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

function useCommands(text: string, onDone: () => void): Command[] {
  const navigate = useNavigate();
  const campaigns = useQuery(campaignsQuery({ q: text, limit: 8 }));
  const wanted = text.trim().toLowerCase();
  const rooms = ROOMS.filter(({ label }) => label.toLowerCase().includes(wanted)).map(({ to, label }) => ({
    key: to,
    label,
    kind: "Room",
    go: () => {
      onDone();
      void navigate({ to });
    },
  }));
  const found = (campaigns.data?.items ?? []).map(({ id, name }) => ({
    key: id,
    label: name,
    kind: "Campaign",
    go: () => {
      onDone();
      void navigate({ to: "/campaigns/$campaignId", params: { campaignId: id } });
    },
  }));
  return [...rooms, ...found];
}

function Commands({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const commands = useCommands(text, onDone);
  const current = Math.min(chosen, commands.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setChosen((current + step + commands.length) % Math.max(1, commands.length));
    } else if (event.key === "Enter") commands[current]?.go();
  };
  return (
    <>
      <input
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={`${listId}-${current}`}
        aria-label="Room or campaign"
        placeholder="Room or campaign"
        value={text}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        className="h-9 w-full rounded-md border border-line-strong bg-surface px-2"
      />
      <ul id={listId} role="listbox" aria-label="Matches" className="mt-2 max-h-80 overflow-y-auto">
        {commands.map(({ key, label, kind, go }, index) => (
          <li
            key={key}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={go}
            className={cx(
              "flex h-8 cursor-pointer items-center justify-between gap-4 rounded-sm px-2",
              index === current && "bg-sunken",
            )}
          >
            <span className="truncate">{label}</span>
            <span className="text-sm text-ink-3">{kind}</span>
          </li>
        ))}
        {commands.length === 0 && <li className="px-2 py-1 text-ink-2">Nothing by that name.</li>}
      </ul>
    </>
  );
}
