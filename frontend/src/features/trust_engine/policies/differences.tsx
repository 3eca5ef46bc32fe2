import { ArrowRight } from "lucide-react";
import { Fact, Facts } from "@/design/panel";
import { type Difference, figure, nameOf } from "./document";

export function Differences({ found }: { found: readonly Difference[] }) {
  if (found.length === 0) return <p className="text-ink-2">It changes nothing.</p>;
  return (
    <Facts>
      {found.map(({ path, before, after }) => (
        <Fact key={path} term={nameOf(path)}>
          <span className="inline-flex items-center gap-1.5">
            <span className="text-ink-2">
              <span className="sr-only">from </span>
              {figure(before)}
            </span>
            <ArrowRight size={12} aria-hidden className="text-ink-3" />
            <span className="font-medium">
              <span className="sr-only">to </span>
              {figure(after)}
            </span>
          </span>
        </Fact>
      ))}
    </Facts>
  );
}
