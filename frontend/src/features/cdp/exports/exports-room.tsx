import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Export } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { CopyButton } from "@/design/copy-button";
import { Dialog } from "@/design/dialog";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, ErrorNote } from "@/design/states";
import { integer } from "@/format/numbers";
import { dateTime } from "@/format/time";
import { plural, words } from "@/format/words";
import { follow } from "../files";
import { PeopleFrame } from "../people-frame";
import { isUnderWay, RowProgress, TransferStatus } from "../transfer-status";
import { CreateExport } from "./create-export";
import { exportsQuery, useCancelExport, useLink } from "./queries";

export function ExportsRoom() {
  const mayExport = useCan("cdp.exports:write");
  const exports = useInfiniteQuery(exportsQuery());
  return (
    <PeopleFrame>
      <Panel title="Exports" aside={mayExport && <CreateExport />}>
        <Listed
          query={exports}
          more="Earlier exports"
          empty={
            <Empty title="Nothing has been exported yet.">
              An export is a file of people or of what they did. Identifiers are hashed unless you ask for
              them in the clear.
            </Empty>
          }
        >
          {(items) => (
            <ul>
              {items.map((each) => (
                <li key={each.id} className="border-b border-line last:border-b-0">
                  <ExportItem item={each} />
                </li>
              ))}
            </ul>
          )}
        </Listed>
      </Panel>
    </PeopleFrame>
  );
}

function ExportItem({ item }: { item: Export }) {
  const mayExport = useCan("cdp.exports:write");
  const mayLook = useCan("cdp.profiles.personal:read");
  return (
    <div className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="font-medium break-words">{item.name}</h3>
          <p className="text-ink-2">
            {words(item.what)} as {item.format === "csv" ? "CSV" : "JSON Lines"},{" "}
            {item.raw ? "in the clear" : "identifiers hashed"} · <Age domain at={item.created_at} /> by{" "}
            {item.created_by}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <TransferStatus status={item.status} />
          {mayExport && item.status === "done" && (!item.raw || mayLook) && <Fetch item={item} />}
          {mayExport && isUnderWay(item.status) && <Cancel item={item} />}
        </div>
      </div>
      {isUnderWay(item.status) && (
        <RowProgress label={`Rows of ${item.name}`} done={item.rows_read} total={item.rows_total} />
      )}
      {item.error !== null && <p role="alert">{item.error}</p>}
      <details>
        <summary className="w-fit text-ink-2 hover:text-ink">
          What is in it
          {item.status === "done" && `: ${plural(item.rows_written, "row")}`}
        </summary>
        <Contents item={item} />
      </details>
    </div>
  );
}

function Contents({ item }: { item: Export }) {
  const selected = Object.entries(item.selection);
  return (
    <div className="mt-2 space-y-3 border-l-2 border-line pl-3">
      <Facts>
        <Fact term="Who or what">
          {selected.length === 0
            ? item.what === "people"
              ? "Everybody"
              : "Everything"
            : selected.map(([name, value]) => `${words(name)}: ${value}`).join(", ")}
        </Fact>
        {item.purpose !== null && <Fact term="Only who allows">{words(item.purpose)}</Fact>}
        {item.point !== null && (
          <Fact term="As of">
            {dateTime(item.point)}:{" "}
            {item.what === "people"
              ? "who is in was fixed then; what is said of each is from then or later"
              : "what had been received by then"}
          </Fact>
        )}
        {item.reason !== null && <Fact term="In the clear because">{item.reason}</Fact>}
        {item.status === "done" && item.expires_at !== null && (
          <Fact term="Can be fetched until">{dateTime(item.expires_at)}</Fact>
        )}
        <Fact term="Fetched">{item.downloads === 0 ? "Not yet" : `${integer(item.downloads)}×`}</Fact>
      </Facts>
      <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[fit-content(40%)_minmax(0,1fr)]">
        {item.columns.map((column) => (
          <div key={column.name} className="contents">
            <dt className="font-mono break-all">{column.name}</dt>
            <dd className="text-ink-2">{column.description}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Cancel({ item }: { item: Export }) {
  const cancel = useCancelExport(item.id);
  return (
    <ConfirmButton label="Cancel" title={`Cancel ${item.name}?`} act={cancel}>
      What is written of the file is deleted.
    </ConfirmButton>
  );
}

const DOWNLOAD_MINUTES = 5;
const LINK_MINUTES = 60;

function Fetch({ item }: { item: Export }) {
  const download = useLink(item.id);
  const link = useLink(item.id);
  const [open, setOpen] = useState(false);
  const address = link.data === undefined ? "" : new URL(link.data.path, window.location.origin).href;
  return (
    <>
      <Button
        busy={download.isPending}
        onClick={() => {
          download.mutate(DOWNLOAD_MINUTES, {
            onSuccess: ({ path }) => {
              follow(path);
            },
          });
        }}
      >
        <Download size={14} aria-hidden />
        Download
      </Button>
      <Button
        tone="quiet"
        onClick={() => {
          setOpen(true);
          link.mutate(LINK_MINUTES);
        }}
      >
        Link…
      </Button>
      {download.isError && <ErrorNote error={download.error} />}
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="A link to the file"
        description="Whoever has it can fetch the file for an hour, without signing in."
      >
        {link.isError && <ErrorNote error={link.error} />}
        {link.data !== undefined && (
          <div className="space-y-3">
            <p className="font-mono text-sm break-all">{address}</p>
            <CopyButton text={address} label="Copy the link" />
          </div>
        )}
      </Dialog>
    </>
  );
}
