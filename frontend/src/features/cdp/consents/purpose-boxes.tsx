import type { Purpose } from "@/api/types";
import { PURPOSE_NAMES, PURPOSES } from "./words";

interface PurposeBoxesProps {
  legend: string;
  chosen: readonly Purpose[];
  onChange: (chosen: Purpose[]) => void;
}

export function PurposeBoxes({ legend, chosen, onChange }: PurposeBoxesProps) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-ink-2">{legend}</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {PURPOSES.map((purpose) => (
          <label key={purpose} className="flex min-h-8 items-center gap-1.5">
            <input
              type="checkbox"
              className="accent-accent"
              checked={chosen.includes(purpose)}
              onChange={({ target }) => {
                onChange(target.checked ? [...chosen, purpose] : chosen.filter((each) => each !== purpose));
              }}
            />
            {PURPOSE_NAMES[purpose]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
