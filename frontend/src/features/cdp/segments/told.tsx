import { Check, X } from "lucide-react";
import { cx } from "@/design/classes";
import type { Condition, Rule } from "./conditions";
import { told } from "./sentences";
import { fromRule, type Group, type Part } from "./tree";

export function Told({ condition, negated = false }: { condition: Condition; negated?: boolean }) {
  return told(condition, negated).map(({ text, chosen }, index) =>
    chosen ? (
      <strong key={index} className="font-semibold text-ink">
        {text}
      </strong>
    ) : (
      <span key={index}>{text}</span>
    ),
  );
}

export function headOf({ join, negated }: Group): string {
  if (join === "all") return negated ? "Not all of these" : "All of these";
  return negated ? "None of these" : "Any of these";
}

export function joiner({ join }: Group): string {
  return join === "all" ? "and" : "or";
}

/** A rule in plain words, nested as it is. */
export function RuleInWords({ rule }: { rule: Rule }) {
  const root = fromRule(rule);
  const [only] = root.of;
  return (
    <div className="p-4 text-ink-2">
      <p className="mb-2">Everybody who</p>
      {root.of.length === 1 && only?.kind === "leaf" && !root.negated ? (
        <p>
          <Told condition={only.condition} negated={only.negated} />.
        </p>
      ) : (
        <Nested part={root} />
      )}
    </div>
  );
}

function Nested({ part }: { part: Part }) {
  if (part.kind === "leaf") return <Told condition={part.condition} negated={part.negated} />;
  return (
    <>
      <span className="text-sm font-medium text-ink-3">{headOf(part)}</span>
      <ul
        className={cx(
          "mt-1 space-y-1.5 border-l-2 pl-3",
          part.join === "all" ? "border-accent" : "border-hold",
        )}
      >
        {part.of.map((each) => (
          <li key={each.key}>
            <Nested part={each} />
          </li>
        ))}
      </ul>
    </>
  );
}

export function Holds({ holds }: { holds: boolean }) {
  return holds ? (
    <span className="mt-0.5 inline-flex size-4 shrink-0 items-center justify-center rounded-full bg-pass-soft text-pass">
      <Check size={12} aria-hidden />
      <span className="sr-only">Holds:</span>
    </span>
  ) : (
    <span className="mt-0.5 inline-flex size-4 shrink-0 items-center justify-center rounded-sm bg-sunken text-ink-3">
      <X size={12} aria-hidden />
      <span className="sr-only">Does not hold:</span>
    </span>
  );
}
