import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { BulkResult, Campaign } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Dialog } from "@/design/dialog";
import { SelectField } from "@/design/field";
import { ReasonForm } from "@/design/reason-form";
import { ErrorNote } from "@/design/states";
import { ActionStatus, Status } from "@/design/status";
import { plural } from "@/format/words";
import { labelsQuery, useChangeLabelled } from "../labels/queries";
import { useChangeMany } from "./queries";

interface BulkBarProps {
  chosen: readonly Campaign[];
  onClear: () => void;
}

/** What is done with the chosen campaigns: each meets the gate by itself. */
export function BulkBar({ chosen, onClear }: BulkBarProps) {
  const mayChange = useCan("autopilot.actions:write");
  const mayLabel = useCan("campaigns.labels:write");
  if (chosen.length === 0 || !(mayChange || mayLabel)) return null;
  return (
    <div
      role="region"
      aria-label="The chosen campaigns"
      className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-2"
    >
      <span role="status" className="font-medium">
        {plural(chosen.length, "campaign")} chosen
      </span>
      {mayChange && (
        <>
          <StatusButton chosen={chosen} verb="Pause" status="paused" />
          <StatusButton chosen={chosen} verb="Enable" status="active" />
        </>
      )}
      {mayLabel && <LabelFields chosen={chosen} />}
      <Button tone="quiet" onClick={onClear}>
        Choose none
      </Button>
    </div>
  );
}

interface StatusButtonProps {
  chosen: readonly Campaign[];
  verb: string;
  status: "active" | "paused";
}

function StatusButton({ chosen, verb, status }: StatusButtonProps) {
  const [open, setOpen] = useState(false);
  const change = useChangeMany();
  // What was chosen when it was asked: a list that is read anew moves nothing beneath the answer.
  const [asked, setAsked] = useState<readonly Campaign[]>([]);
  return (
    <>
      <Button
        onClick={() => {
          change.reset();
          setAsked(chosen);
          setOpen(true);
        }}
      >
        {verb}
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`${verb} ${plural(asked.length, "campaign")}?`}
        description="The gate decides on each of them by itself."
      >
        {change.isSuccess ? (
          <Results asked={asked} results={change.data.results} />
        ) : (
          <ReasonForm
            verb={verb}
            act={(reason) => {
              change.mutate({ campaign_ids: asked.map(({ id }) => id), status, reason });
            }}
            pending={change.isPending}
            error={change.error}
            onDone={() => {
              setOpen(false);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function Results({ asked, results }: { asked: readonly Campaign[]; results: readonly BulkResult[] }) {
  return (
    <div role="status">
      <ul aria-label="What became of each" className="space-y-2">
        {asked.map((campaign, place) => (
          <li key={campaign.id}>
            <span className="block font-medium">{campaign.name}</span>
            <Result result={results[place]} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Result({ result }: { result: BulkResult | undefined }) {
  if (result?.action == null) return <Status tone="muted">{result?.error ?? "No answer came."}</Status>;
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      <ActionStatus state={result.action.state} />
      <Link to="/autopilot/actions/$actionId" params={{ actionId: result.action.id }} className={LINK}>
        Follow it
      </Link>
    </span>
  );
}

function LabelFields({ chosen }: { chosen: readonly Campaign[] }) {
  const labels = useQuery(labelsQuery);
  const change = useChangeLabelled();
  const [labelId, setLabelId] = useState("");
  const put = (on: boolean) => {
    change.mutate({ labelId, on, campaignIds: chosen.map(({ id }) => id) });
  };
  if ((labels.data?.items ?? []).length === 0) return null;
  return (
    <>
      <div className="w-40">
        <SelectField
          label="Label"
          hideLabel
          value={labelId}
          onChange={(event) => {
            setLabelId(event.target.value);
          }}
        >
          <option value="">A label</option>
          {labels.data?.items.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      <Button
        disabled={labelId === ""}
        busy={change.isPending}
        onClick={() => {
          put(true);
        }}
      >
        Put it on
      </Button>
      <Button
        disabled={labelId === ""}
        busy={change.isPending}
        onClick={() => {
          put(false);
        }}
      >
        Take it off
      </Button>
      {change.isError && <ErrorNote error={change.error} />}
    </>
  );
}
