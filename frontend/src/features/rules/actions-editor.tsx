import { Plus, X } from "lucide-react";
import { Button, IconButton } from "@/design/button";
import { AmountField, Figure, Pick, Suggested } from "../cdp/segments/inline";
import { type Action, type ActionKind, ACTIONS, blankAction, type Known } from "./definition";
import { LabelPick } from "./leaf-fields";

interface ActionsEditorProps {
  actions: readonly Action[];
  known: Known;
  onChange: (actions: Action[]) => void;
}

const MOST = 5;

export function ActionsEditor({ actions, known, onChange }: ActionsEditorProps) {
  return (
    <div className="space-y-2">
      {actions.map((action, index) => (
        <div key={index} className="flex flex-wrap items-center gap-2">
          <Pick<ActionKind>
            label="What is done"
            value={action.kind}
            options={ACTIONS}
            onPick={(kind) => {
              onChange(
                actions.map((one, place) => (place === index ? blankAction(kind, known.currency) : one)),
              );
            }}
          />
          <ActionFields
            action={action}
            known={known}
            onChange={(next) => {
              onChange(actions.map((one, place) => (place === index ? next : one)));
            }}
          />
          {actions.length > 1 && (
            <IconButton
              label="Take this action out"
              onClick={() => {
                onChange(actions.filter((_, place) => place !== index));
              }}
            >
              <X size={14} aria-hidden />
            </IconButton>
          )}
        </div>
      ))}
      {actions.length < MOST && (
        <Button
          tone="quiet"
          onClick={() => {
            onChange([...actions, blankAction("notify", known.currency)]);
          }}
        >
          <Plus size={14} aria-hidden />
          Action
        </Button>
      )}
    </div>
  );
}

interface FieldsProps<A> {
  action: A;
  known: Known;
  onChange: (action: Action) => void;
}

function ActionFields({ action, known, onChange }: FieldsProps<Action>) {
  switch (action.kind) {
    case "pause":
    case "enable":
      return null;
    case "budget_percent":
      return <PercentFields action={action} known={known} onChange={onChange} />;
    case "budget_amount":
    case "set_budget":
      return (
        <AmountField
          label="Amount"
          micros={action.micros}
          currency={action.currency}
          onFill={(micros) => {
            if (micros !== null) onChange({ ...action, micros });
          }}
        />
      );
    case "label":
      return (
        <>
          <Pick
            label="On or off"
            value={action.off ? "off" : "on"}
            options={{ on: "with", off: "without" }}
            onPick={(way) => {
              onChange({ ...action, off: way === "off" });
            }}
          />
          <LabelPick
            value={action.label_id}
            labels={known.labels}
            onPick={(label_id) => {
              onChange({ ...action, label_id });
            }}
          />
        </>
      );
    case "notify":
      return (
        <Suggested
          label="Message"
          value={action.message}
          suggestions={[]}
          maxLength={300}
          placeholder="What to say with it"
          className="w-64"
          onType={(message) => {
            onChange({ ...action, message });
          }}
        />
      );
  }
}

type ByPercent = Extract<Action, { readonly kind: "budget_percent" }>;

function PercentFields({ action, known, onChange }: FieldsProps<ByPercent>) {
  const kept = action.bounds ?? null;
  const currency = kept?.currency ?? known.currency;
  const bound = (side: "floor_micros" | "ceiling_micros", micros: number | null) => {
    const next = {
      floor_micros: kept?.floor_micros ?? null,
      ceiling_micros: kept?.ceiling_micros ?? null,
      currency,
      [side]: micros,
    };
    const open = next.floor_micros === null && next.ceiling_micros === null;
    onChange({ ...action, bounds: open ? null : next });
  };
  return (
    <>
      <Figure
        label="Per cent of the budget"
        value={Number(action.percent)}
        className="w-16"
        onFill={(percent) => {
          if (percent !== null) onChange({ ...action, percent: String(percent) });
        }}
      />
      %, between
      <AmountField
        label="Floor"
        micros={kept?.floor_micros ?? null}
        currency={currency}
        onFill={(micros) => {
          bound("floor_micros", micros);
        }}
      />
      and
      <AmountField
        label="Ceiling"
        micros={kept?.ceiling_micros ?? null}
        currency={currency}
        onFill={(micros) => {
          bound("ceiling_micros", micros);
        }}
      />
      {currency}
    </>
  );
}
