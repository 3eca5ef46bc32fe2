import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { ProfileDetail } from "@/api/types";
import { Button } from "@/design/button";
import { Moment } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { plural, words } from "@/format/words";
import { ChangeDialog } from "./change-dialog";
import { useSplit } from "./queries";

/** A person's identifiers; those that are another person's can be picked and split off. */
export function Identifiers({ profile }: { profile: ProfileDetail }) {
  const mayChange = useCan("cdp.identity:write");
  const maySplit = mayChange && profile.identifiers.length > 1;
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const keys = profile.identifiers.map(({ key }) => key).filter((key) => picked.has(key));
  const pick = (key: string, on: boolean) => {
    const next = new Set(picked);
    if (on) next.add(key);
    else next.delete(key);
    setPicked(next);
  };
  return (
    <Panel
      title="Identifiers"
      aside={
        mayChange && (
          <SplitButton
            profile={profile}
            keys={keys}
            offered={maySplit}
            onDone={() => {
              setPicked(new Set());
            }}
          />
        )
      }
    >
      {profile.identifiers.length === 0 ? (
        <Empty title="They have none any more." />
      ) : (
        <Table label="Identifiers">
          <thead>
            <tr>
              {maySplit && (
                <Th>
                  <span className="sr-only">Pick</span>
                </Th>
              )}
              <Th>Type</Th>
              <Th>Value</Th>
              <Th figure>Events</Th>
              <Th figure>First seen</Th>
            </tr>
          </thead>
          <tbody>
            {profile.identifiers.map(({ key, type, value, event_count, first_seen_at }) => (
              <Tr key={key}>
                {maySplit && (
                  <Td>
                    <input
                      type="checkbox"
                      className="size-4 accent-accent"
                      aria-label={`Pick ${words(type)} ${value}`}
                      checked={picked.has(key)}
                      onChange={(event) => {
                        pick(key, event.target.checked);
                      }}
                    />
                  </Td>
                )}
                <Td className="whitespace-nowrap">{words(type)}</Td>
                <Td className="min-w-40 break-all">{value}</Td>
                <Td figure>{integer(event_count)}</Td>
                <Td figure>
                  <Moment at={first_seen_at} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

interface SplitButtonProps {
  profile: ProfileDetail;
  keys: string[];
  offered: boolean;
  onDone: () => void;
}

/** Its dialog outlives the identifiers, to say what came of it. */
function SplitButton({ profile, keys, offered, onDone }: SplitButtonProps) {
  const [open, setOpen] = useState(false);
  const split = useSplit(profile.id);
  const rest = profile.identifiers.length - keys.length;
  return (
    <>
      {offered && (
        <Button
          disabled={keys.length === 0 || rest === 0}
          title={rest === 0 ? "One identifier at least has to stay." : undefined}
          onClick={() => {
            split.reset();
            setOpen(true);
          }}
        >
          {keys.length === 0 ? "Pick some to split off" : `Split off ${keys.length}…`}
        </Button>
      )}
      <ChangeDialog
        open={open}
        onOpenChange={setOpen}
        title="Make them another person?"
        consequences={[
          `${plural(keys.length, "identifier")} and what was done under them become another person’s; ${plural(rest, "identifier")} ${rest === 1 ? "stays" : "stay"}.`,
          "They are kept apart for good: no event can join the two again.",
          "Traits, counters and segments of both are worked out anew; no event is changed.",
          "Merging the two again takes it back.",
        ]}
        confirm="Split them"
        busy={split.isPending}
        error={split.error}
        done={split.data?.profile_ids}
        onConfirm={(reason) => {
          split.mutate({ keys, reason }, { onSuccess: onDone });
        }}
      />
    </>
  );
}
