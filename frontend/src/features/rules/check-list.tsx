interface CheckListProps<Value extends string | number> {
  legend: string;
  /** What may be chosen, in order, with its words. */
  options: readonly (readonly [Value, string])[];
  chosen: readonly Value[];
  /** Answered in the order of the options. */
  onChoose: (chosen: Value[]) => void;
  hint?: string;
}

export function CheckList<Value extends string | number>({
  legend,
  options,
  chosen,
  onChoose,
  hint,
}: CheckListProps<Value>) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium text-ink-2">{legend}</legend>
      <div className="flex max-h-40 flex-wrap gap-x-4 overflow-y-auto">
        {options.map(([value, said]) => (
          <label key={value} className="flex h-8 min-w-0 items-center gap-1.5">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) => {
                const on = event.target.checked;
                onChoose(
                  options
                    .map(([each]) => each)
                    .filter((each) => (each === value ? on : chosen.includes(each))),
                );
              }}
            />
            <span className="truncate">{said}</span>
          </label>
        ))}
      </div>
      {hint !== undefined && <p className="mt-1 text-sm text-ink-3">{hint}</p>}
    </fieldset>
  );
}
