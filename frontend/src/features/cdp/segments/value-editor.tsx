import { X } from "lucide-react";
import type { Word } from "@/api/types";
import { IconButton } from "@/design/button";
import { retested, type ValueTest } from "./conditions";
import { Figure, MomentField, Pick, Suggested } from "./inline";

const TEXT = { is: "is", one_of: "is one of", contains: "contains", starts_with: "starts with" } as const;
const NUMBER = {
  equals: "is exactly (number)",
  at_least: "is at least",
  more_than: "is more than",
  at_most: "is at most",
  less_than: "is less than",
} as const;
const TRUTH = { is_true: "is yes", is_false: "is no" } as const;
const TIME = { before: "is before", since: "is on or after" } as const;
const ANY = { exists: "is known" } as const;
const EVERY: Readonly<Partial<Record<ValueTest["op"], string>>> = {
  ...TEXT,
  ...NUMBER,
  ...TRUTH,
  ...TIME,
  ...ANY,
};
const SEALED: Readonly<Partial<Record<ValueTest["op"], string>>> = {
  exists: ANY.exists,
  is: TEXT.is,
  one_of: TEXT.one_of,
};

/** What fits the values that were seen comes first; what does not can still be asked. */
function optionsFor(word: Word | undefined, op: ValueTest["op"]): typeof EVERY {
  if (word?.sealed === true) return { ...SEALED, [op]: EVERY[op] };
  const kinds = word?.kinds ?? [];
  if (kinds.length === 1 && kinds[0] === "number") return { ...NUMBER, ...ANY, ...TEXT, ...TRUTH, ...TIME };
  if (kinds.length === 1 && kinds[0] === "truth") return { ...TRUTH, ...ANY, ...TEXT, ...NUMBER, ...TIME };
  return EVERY;
}

/** The test with which a value of that kind is usually asked. */
export function usualTest(word: Word | undefined): ValueTest {
  const kinds = word?.kinds ?? [];
  if (word?.sealed === true) return { op: "exists" };
  if (kinds[0] === "number") return { op: "at_least", number: null };
  if (kinds[0] === "truth") return { op: "is_true" };
  return { op: "is", text: "" };
}

interface ValueEditorProps {
  of: string;
  test: ValueTest;
  word: Word | undefined;
  onChange: (test: ValueTest) => void;
}

/** What is asked of one value: the test, and what it is compared with. */
export function ValueEditor({ of, test, word, onChange }: ValueEditorProps) {
  return (
    <>
      <Pick
        label={`Test of ${of}`}
        value={test.op}
        options={optionsFor(word, test.op)}
        onPick={(op) => {
          onChange(retested(test, op));
        }}
      />
      <Compared of={of} test={test} word={word} onChange={onChange} />
    </>
  );
}

function Compared({ of, test, word, onChange }: ValueEditorProps) {
  if ("text" in test)
    return (
      <Suggested
        label={`Value of ${of}`}
        placeholder="value"
        value={test.text}
        suggestions={word?.values ?? []}
        onType={(text) => {
          onChange({ ...test, text });
        }}
        className="w-36"
      />
    );
  if ("texts" in test) return <Several of={of} texts={test.texts} word={word} onChange={onChange} />;
  if ("number" in test)
    return (
      <Figure
        label={`Number for ${of}`}
        value={test.number}
        onFill={(number) => {
          onChange({ ...test, number });
        }}
      />
    );
  if ("at" in test)
    return (
      <MomentField
        label={`Moment for ${of}`}
        at={test.at}
        onFill={(at) => {
          onChange({ ...test, at });
        }}
      />
    );
  return null;
}

interface SeveralProps {
  of: string;
  texts: readonly string[];
  word: Word | undefined;
  onChange: (test: ValueTest) => void;
}

function Several({ of, texts, word, onChange }: SeveralProps) {
  const set = (next: readonly string[]) => {
    onChange({ op: "one_of", texts: next });
  };
  // One empty field at the end takes the next value.
  return [...texts, ""].map((text, index) => (
    <span key={index} className="inline-flex items-center">
      <Suggested
        label={`Value ${index + 1} of ${of}`}
        placeholder={index === 0 ? "value" : "or…"}
        value={text}
        suggestions={(word?.values ?? []).filter((each) => !texts.includes(each))}
        onType={(typed) => {
          set([...texts.slice(0, index), ...(typed === "" ? [] : [typed]), ...texts.slice(index + 1)]);
        }}
        className="w-28"
      />
      {index < texts.length && (
        <IconButton
          label={`Remove value ${text} of ${of}`}
          className="-ml-px size-6"
          onClick={() => {
            set(texts.toSpliced(index, 1));
          }}
        >
          <X size={12} aria-hidden />
        </IconButton>
      )}
    </span>
  ));
}
