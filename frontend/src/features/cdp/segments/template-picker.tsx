import type { Vocabulary } from "@/api/types";
import { Panel } from "@/design/panel";
import { plural } from "@/format/words";
import type { Template } from "./templates";
import { templatesFor } from "./templates";

interface TemplatePickerProps {
  vocabulary: Vocabulary;
  onPick: (template: Template) => void;
}

/** Rules to start from; one that needs what was never sent says so. */
export function TemplatePicker({ vocabulary, onPick }: TemplatePickerProps) {
  return (
    <Panel title="Start from">
      <ul className="grid gap-2 p-4 sm:grid-cols-2 lg:grid-cols-4">
        {templatesFor(vocabulary).map((template) => (
          <li key={template.name}>
            {template.rule === null ? (
              <div className="h-full rounded-md border border-dashed border-line px-3 py-2 text-ink-3">
                <p className="font-medium">{template.name}</p>
                <p className="text-sm">
                  Needs {template.needs}: none is among the{" "}
                  {plural(vocabulary.sampled_events, "newest event")}.
                </p>
              </div>
            ) : (
              <button
                type="button"
                onClick={() => {
                  onPick(template);
                }}
                className="flex h-full w-full flex-col rounded-md border border-line-strong px-3 py-2 text-left hover:border-accent hover:bg-accent-soft"
              >
                <span className="block font-medium">{template.name}</span>
                <span className="block text-sm text-ink-2">{template.what}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
