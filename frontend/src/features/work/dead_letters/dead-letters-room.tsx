import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { DeadLetter } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Evidence } from "@/design/evidence";
import { Expandable } from "@/design/expandable";
import { Age, Moment } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { PanelTab, PanelTabs } from "@/design/tabs";
import { integer } from "@/format/numbers";
import { OperationsFrame } from "../operations-frame";
import { deadLettersQuery, useCloseLetter } from "./queries";

export function DeadLettersRoom() {
  const { show } = useSearch({ from: "/signed-in/operations/dead-letters" });
  const letters = useInfiniteQuery(deadLettersQuery(show === "all"));
  return (
    <OperationsFrame>
      <Panel title="Tasks that were given up" aside={<Which />}>
        <Listed
          query={letters}
          more="Earlier ones"
          empty={
            <Empty title={show === "all" ? "No task was ever given up." : "No task waits to be dealt with."}>
              Work that failed after every retry comes here, to be run again once its cause is mended.
            </Empty>
          }
        >
          {(items) => (
            <ul>
              {items.map((letter) => (
                <LetterLine key={letter.id} letter={letter} />
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </OperationsFrame>
  );
}

function Which() {
  return (
    <PanelTabs label="Which tasks">
      <PanelTab to="/operations/dead-letters" search={{ show: undefined }}>
        Open
      </PanelTab>
      <PanelTab to="/operations/dead-letters" search={{ show: "all" }}>
        All
      </PanelTab>
    </PanelTabs>
  );
}

function LetterStatus({ letter }: { letter: DeadLetter }) {
  if (letter.replayed_at !== null) return <Status tone="accent">Run again</Status>;
  if (letter.discarded_at !== null) return <Status tone="muted">Discarded</Status>;
  return <Status tone="block">Open</Status>;
}

function LetterLine({ letter }: { letter: DeadLetter }) {
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_100px_minmax(0,240px)_minmax(0,1fr)_72px]"
      summary={
        <>
          <LetterStatus letter={letter} />
          <span className="truncate font-mono text-sm max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            {letter.task}
          </span>
          <span className="truncate text-ink-2 max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
            {letter.error}
          </span>
          <span className="text-right text-ink-3">
            <Age at={letter.created_at} />
          </span>
        </>
      }
    >
      <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <div>
          <p className="max-w-prose">{letter.error}</p>
          <p className="font-mono text-sm text-ink-3">{letter.error_code}</p>
          <LetterButtons letter={letter} />
        </div>
        <div>
          <Facts>
            <Fact term="Queue">{letter.queue ?? "default"}</Fact>
            <Fact term="Attempts">{integer(letter.attempts)}</Fact>
            <Fact term="Asked for">
              <Moment at={letter.enqueued_at} />
            </Fact>
            <Fact term="Given up">
              <Moment at={letter.created_at} />
            </Fact>
            {letter.replayed_at !== null && (
              <Fact term="Run again">
                <Moment at={letter.replayed_at} />
              </Fact>
            )}
            {letter.discarded_at !== null && (
              <Fact term="Discarded">
                <Moment at={letter.discarded_at} />
              </Fact>
            )}
          </Facts>
          <h3 className="mt-3 mb-1 font-medium">What it was given</h3>
          <Evidence value={letter.payload} empty="Nothing." />
        </div>
      </div>
    </Expandable>
  );
}

function LetterButtons({ letter }: { letter: DeadLetter }) {
  const mayClose = useCan("work.dead_letters:write");
  const replay = useCloseLetter(letter.id);
  const discard = useCloseLetter(letter.id);
  if (!mayClose || letter.replayed_at !== null || letter.discarded_at !== null) return null;
  return (
    <div className="mt-3">
      <div className="flex gap-2">
        <Button
          busy={replay.isPending}
          onClick={() => {
            replay.mutate("replay");
          }}
        >
          Run it again
        </Button>
        <ConfirmButton label="Discard" title="Discard this task?" act={() => discard.mutateAsync("discard")}>
          It stays undone, and cannot be run again from here. It remains in the list of all.
        </ConfirmButton>
      </div>
      {replay.isError && <ErrorNote error={replay.error} />}
    </div>
  );
}
