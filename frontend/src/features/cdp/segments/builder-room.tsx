import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type SyntheticEvent, useMemo, useState } from "react";
import { ApiError } from "@/api/errors";
import { useCan } from "@/api/permissions";
import type { Segment } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { TextArea, TextField } from "@/design/field";
import { fieldsOf, FormError } from "@/design/form";
import { Page, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { plural } from "@/format/words";
import type { Rule } from "./conditions";
import { EvaluationField } from "./evaluation-field";
import { GroupEditor } from "./group-editor";
import { openPart, PreviewPanel, usePreview } from "./preview";
import {
  type Evaluation,
  type SegmentDraft,
  segmentQuery,
  useChangeSegment,
  useCreateSegment,
  vocabularyQuery,
} from "./queries";
import { TemplatePicker } from "./template-picker";
import { type Template, templateOfCell } from "./templates";
import { RuleInWords } from "./told";
import { conditionsOf, emptyTree, faultsByPart, fromRule, type Group, toRule } from "./tree";

export function NewSegmentRoom() {
  const { cell } = useSearch({ from: "/signed-in/people/segments/new" });
  const create = useCreateSegment();
  const navigate = useNavigate();
  return (
    <Builder
      key={cell}
      title="New segment"
      {...(cell !== undefined && { start: templateOfCell(cell) })}
      save={(draft) => {
        create.mutate(draft, {
          onSuccess: ({ id }) =>
            void navigate({ to: "/people/segments/$segmentId", params: { segmentId: id } }),
        });
      }}
      saving={create.isPending}
      error={create.error}
    />
  );
}

export function EditSegmentRoom() {
  const { segmentId } = useParams({ from: "/signed-in/people/segments/$segmentId/edit" });
  const segment = useQuery({ ...segmentQuery(segmentId), refetchInterval: false });
  return (
    <Loaded query={segment} rows={12}>
      {(data) => <Editing key={data.id} segment={data} />}
    </Loaded>
  );
}

function Editing({ segment }: { segment: Segment }) {
  const change = useChangeSegment(segment.id);
  const navigate = useNavigate();
  if (segment.rule === null)
    return (
      <Page title={segment.name}>
        <Empty title="An uploaded list has no rule.">Upload another file to change who is on it.</Empty>
      </Page>
    );
  return (
    <Builder
      title={`Edit ${segment.name}`}
      segment={segment}
      save={(draft) => {
        change.mutate(draft, {
          onSuccess: () =>
            void navigate({ to: "/people/segments/$segmentId", params: { segmentId: segment.id } }),
        });
      }}
      saving={change.isPending}
      error={change.error}
    />
  );
}

interface BuilderProps {
  title: string;
  segment?: Segment;
  start?: Start;
  save: (draft: SegmentDraft) => void;
  saving: boolean;
  error: Error | null;
}

/** What stands in the fields before anybody types: of the segment that is changed, or of what led here. */
type Start = Pick<Template, "name" | "rule">;

function startOf(segment: Segment | undefined): Start | undefined {
  return segment === undefined
    ? undefined
    : { name: segment.name, rule: segment.rule as unknown as Rule | null };
}

function treeOf(start: Start | undefined): Group {
  return start === undefined || start.rule === null ? emptyTree() : fromRule(start.rule);
}

/** Everything of a segment that can be built, while it is. */
function useDraft(segment: Segment | undefined, start: Start | undefined) {
  const [root, setRoot] = useState(() => treeOf(start));
  const [name, setName] = useState(start?.name ?? "");
  const [description, setDescription] = useState(segment?.description ?? "");
  const [evaluation, setEvaluation] = useState<Evaluation>(segment?.evaluation ?? { mode: "live" });
  /** Whether somebody tried to save: then what is missing is said beside what misses it. */
  const [strict, setStrict] = useState(false);
  return {
    root,
    setRoot,
    name,
    setName,
    description,
    setDescription,
    evaluation,
    setEvaluation,
    strict,
    setStrict,
  };
}

type Draft = ReturnType<typeof useDraft>;

function Builder({ title, segment, start = startOf(segment), save, saving, error }: BuilderProps) {
  const draft = useDraft(segment, start);
  const { root, setRoot, name, setName } = draft;
  const vocabulary = useQuery(vocabularyQuery());
  const preview = usePreview(root);
  const faults = useFaults(root, preview.preview.error, error);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    draft.setStrict(true);
    const written = toRule(root);
    if (openPart(root) !== null || written === null || name.trim() === "") return;
    const { description, evaluation } = draft;
    save({ name: name.trim(), description, rule: written.rule, evaluation });
  };
  return (
    <Page title={title} lead="Say who belongs to it; they are counted as you build.">
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/people/segments" className={LINK}>
          All segments
        </Link>
      </nav>
      {segment === undefined && conditionsOf(root).length === 0 && vocabulary.data !== undefined && (
        <TemplatePicker
          vocabulary={vocabulary.data}
          onPick={(template) => {
            if (template.rule !== null) setRoot(fromRule(template.rule));
            if (name === "") setName(template.name);
          }}
        />
      )}
      <form
        onSubmit={submit}
        noValidate
        className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_320px]"
        aria-label="Segment"
      >
        <Panel title="Rule" aside={<Sampled sampled={vocabulary.data?.sampled_events} />}>
          <div className="p-3 max-sm:p-2">
            <GroupEditor
              group={root}
              building={{ root, set: setRoot, vocabulary: vocabulary.data, faults, strict: draft.strict }}
            />
          </div>
          <InWords root={root} />
        </Panel>
        <div className="space-y-4 lg:sticky lg:top-16">
          <PreviewPanel root={root} state={preview} />
          <SavePanel
            draft={draft}
            verb={segment === undefined ? "Save segment" : "Save changes"}
            saving={saving}
            error={error}
          />
        </div>
      </form>
    </Page>
  );
}

interface SavePanelProps {
  draft: Draft;
  verb: string;
  saving: boolean;
  error: Error | null;
}

function SavePanel({ draft, verb, saving, error }: SavePanelProps) {
  const mayWrite = useCan("cdp.segments:write");
  const { root, name, description, evaluation, strict } = draft;
  const fields = fieldsOf(error);
  const open = strict ? openPart(root) : null;
  const unnamed = strict && name.trim() === "" ? "Give it a name." : undefined;
  return (
    <Panel title="Save it">
      <div className="space-y-3 p-4">
        <TextField
          label="Name"
          required
          maxLength={120}
          value={name}
          error={fields["name"] ?? unnamed}
          onChange={(event) => {
            draft.setName(event.target.value);
          }}
        />
        <TextArea
          label="What it is for"
          rows={2}
          maxLength={1000}
          value={description}
          error={fields["description"]}
          onChange={(event) => {
            draft.setDescription(event.target.value);
          }}
        />
        <EvaluationField evaluation={evaluation} onChange={draft.setEvaluation} />
        {open !== null && <p className="text-sm text-block">{open}</p>}
        <FormError error={error} />
        <Button type="submit" tone="primary" className="w-full" busy={saving} disabled={!mayWrite}>
          {verb}
        </Button>
        {!mayWrite && <p className="text-sm text-ink-3">Analysts and above can save segments.</p>}
      </div>
    </Panel>
  );
}

function InWords({ root }: { root: Group }) {
  const written = toRule(root);
  if (written === null) return null;
  return (
    <section aria-label="In words" className="border-t border-line bg-sunken">
      <RuleInWords rule={written.rule} />
    </section>
  );
}

function Sampled({ sampled }: { sampled: number | undefined }) {
  if (sampled === undefined) return null;
  return (
    <span className="text-sm text-ink-3 max-sm:hidden">
      Suggestions are read from the {plural(sampled, "newest event")}; anything else can be typed.
    </span>
  );
}

/** What the API said of the rule, at the conditions that it names; of the preview's answer and of the last try to save. */
function useFaults(root: Group, ...errors: readonly (Error | null)[]): ReadonlyMap<string, string> {
  const found = errors.find((each) => each instanceof ApiError && Object.keys(each.fields).length > 0);
  return useMemo(() => {
    const written = toRule(root);
    if (written === null || found === undefined) return new Map<string, string>();
    return faultsByPart(fieldsOf(found), written.places);
  }, [root, found]);
}
