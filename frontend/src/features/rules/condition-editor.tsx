import { Plus, X } from "lucide-react";
import { Button, IconButton } from "@/design/button";
import { Pick } from "../cdp/segments/inline";
import { blank, type Group, type Known, type Leaf, type LeafKind, LEAVES, type Node } from "./definition";
import { LeafFields } from "./leaf-fields";
import { isGroup, JOINS } from "./sentences";

interface EditorProps<N> {
  node: N;
  known: Known;
  onChange: (node: Node) => void;
}

/** A group of conditions, groups and their opposites, as deep as the rule goes. */
export function GroupEditor({ node, known, onChange }: EditorProps<Group>) {
  const put = (of: readonly Node[]) => {
    onChange({ ...node, of: [...of] });
  };
  return (
    <fieldset className="min-w-0 rounded-md border border-line p-2">
      <legend className="px-1">
        <Pick
          label="How these are joined"
          value={node.kind}
          options={JOINS}
          onPick={(kind) => {
            onChange({ kind, of: node.of });
          }}
        />
      </legend>
      <ul className="space-y-2">
        {node.of.map((each, index) => (
          <li key={index} className="flex items-start gap-2">
            <div className="min-w-0 flex-1">
              <PartEditor
                node={each}
                known={known}
                onChange={(next) => {
                  put(node.of.map((one, place) => (place === index ? next : one)));
                }}
              />
            </div>
            <IconButton
              label="Take this condition out"
              onClick={() => {
                put(node.of.filter((_, place) => place !== index));
              }}
            >
              <X size={14} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button
          tone="quiet"
          onClick={() => {
            put([...node.of, blank("metric", known.currency)]);
          }}
        >
          <Plus size={14} aria-hidden />
          Condition
        </Button>
        <Button
          tone="quiet"
          onClick={() => {
            put([...node.of, { kind: "any", of: [blank("metric", known.currency)] }]);
          }}
        >
          <Plus size={14} aria-hidden />
          Group
        </Button>
      </div>
    </fieldset>
  );
}

const HOLDS = { yes: "Holds:", no: "Does not hold:" } as const;

function PartEditor({ node, known, onChange }: EditorProps<Node>) {
  const inner = node.kind === "not" ? node.of : node;
  const put = (next: Node) => {
    onChange(node.kind === "not" ? { kind: "not", of: next } : next);
  };
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Pick
        label="Whether it must hold"
        value={node.kind === "not" ? "no" : "yes"}
        options={HOLDS}
        onPick={(holds) => {
          onChange(holds === "no" ? { kind: "not", of: inner } : inner);
        }}
      />
      {inner.kind === "not" ? (
        <PartEditor node={inner} known={known} onChange={put} />
      ) : isGroup(inner) ? (
        <GroupEditor node={inner} known={known} onChange={put} />
      ) : (
        <LeafEditor node={inner} known={known} onChange={put} />
      )}
    </div>
  );
}

function LeafEditor({ node, known, onChange }: EditorProps<Leaf>) {
  return (
    <>
      <Pick<LeafKind>
        label="What is asked"
        value={node.kind}
        options={LEAVES}
        onPick={(kind) => {
          onChange(blank(kind, known.currency));
        }}
      />
      <LeafFields node={node} known={known} onChange={onChange} />
    </>
  );
}
