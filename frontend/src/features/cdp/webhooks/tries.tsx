import { useInfiniteQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useCan } from "@/api/permissions";
import type { WebhookTry } from "@/api/types";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Empty, ErrorNote } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { triesQuery, useReplay } from "./queries";
import { whatOf } from "./words";

/** What was sent and what came of it, the last first. */
export function Tries({ webhookId }: { webhookId: string }) {
  const [onlyFailed, setOnlyFailed] = useState(false);
  const tries = useInfiniteQuery(triesQuery(webhookId, onlyFailed));
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className="mb-1 flex flex-wrap items-center justify-between gap-2">
        <h3 id={id} className="font-medium">
          Deliveries of the last 30 days
        </h3>
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="accent-accent"
            checked={onlyFailed}
            onChange={(event) => {
              setOnlyFailed(event.target.checked);
            }}
          />
          Only what failed
        </label>
      </div>
      <div className="rounded-md border border-line bg-surface">
        <Listed
          query={tries}
          rows={2}
          more="Earlier deliveries"
          empty={
            <Empty title={onlyFailed ? "Nothing has failed." : "Nothing has been sent yet."}>
              {onlyFailed ? undefined : "Send a test event to see whether it arrives."}
            </Empty>
          }
        >
          {(items) => (
            <Table label="Deliveries">
              <thead>
                <tr>
                  <Th>Outcome</Th>
                  <Th>What</Th>
                  <Th figure>Took</Th>
                  <Th figure>When</Th>
                  <ThActions />
                </tr>
              </thead>
              <tbody>
                {items.map((each) => (
                  <TryRow key={each.id} webhookId={webhookId} attempt={each} />
                ))}
              </tbody>
            </Table>
          )}
        </Listed>
      </div>
    </section>
  );
}

function TryRow({ webhookId, attempt }: { webhookId: string; attempt: WebhookTry }) {
  return (
    <Tr>
      <Td>
        <Status tone={attempt.acknowledged ? "pass" : "block"}>
          {attempt.acknowledged ? "Arrived" : "Failed"}
          {attempt.http_status !== null && <span className="text-ink-3">{attempt.http_status}</span>}
        </Status>
        {attempt.error !== null && <div className="max-w-prose min-w-40 text-ink-2">{attempt.error}</div>}
        {attempt.retry_at !== null && (
          <div className="text-sm text-ink-3">
            To be tried again <Age at={attempt.retry_at} />
          </div>
        )}
      </Td>
      <Td className="whitespace-nowrap">{whatOf(attempt)}</Td>
      <Td figure className="whitespace-nowrap">
        {integer(attempt.duration_ms)} ms
      </Td>
      <Td figure>
        <Age at={attempt.at} />
      </Td>
      <Td figure>
        <ReplayButton webhookId={webhookId} attempt={attempt} />
      </Td>
    </Tr>
  );
}

function ReplayButton({ webhookId, attempt }: { webhookId: string; attempt: WebhookTry }) {
  const mayWrite = useCan("cdp.webhooks:write");
  const replay = useReplay(webhookId, attempt.id);
  if (!mayWrite || attempt.kind === "test") return null;
  return (
    <>
      <Button
        busy={replay.isPending}
        onClick={() => {
          replay.mutate(undefined);
        }}
      >
        Send again
      </Button>
      {replay.isError && <ErrorNote error={replay.error} />}
    </>
  );
}
