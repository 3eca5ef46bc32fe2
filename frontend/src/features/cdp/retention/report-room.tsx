import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { RetentionDefinition, RetentionReport } from "@/api/types";
import { Loaded } from "@/design/states";
import { daysSaid } from "../analytics/days-said";
import { breakdownSaid } from "../analytics/groups";
import { Question } from "../analytics/question";
import { segmentsQuery } from "../analytics/suggestions";
import { reportQuery, useReportChanges } from "./queries";
import { ReportAnswerView } from "./report-answer";
import { definitionOf, newReport, reportDraftOf, reportSaid } from "./report-draft";
import { ReportFields } from "./report-fields";

export function NewReportRoom() {
  return <OneReport saved={null} />;
}

export function ReportRoom() {
  const { questionId } = useParams({ from: "/signed-in/analytics/retention/$questionId" });
  const report = useQuery(reportQuery(questionId));
  return <Loaded query={report}>{(saved) => <OneReport key={saved.id} saved={saved} />}</Loaded>;
}

function OneReport({ saved }: { saved: RetentionReport | null }) {
  const mayWrite = useCan("cdp.retention:write");
  const changes = useReportChanges(saved?.id ?? null);
  return (
    <Question
      noun="report"
      back="/analytics/retention"
      saved={saved}
      mayWrite={mayWrite}
      start={newReport()}
      draftOf={reportDraftOf}
      definitionOf={definitionOf}
      fields={(draft, onChange) => <ReportFields draft={draft} onChange={onChange} />}
      said={(definition) => <ReportSaid definition={definition} />}
      answer={(definition, name) => <ReportAnswerView definition={definition} name={name} />}
      {...changes}
    />
  );
}

function ReportSaid({ definition }: { definition: RetentionDefinition }) {
  const { days, segment_id, breakdown } = definition;
  const segments = useQuery({ ...segmentsQuery, enabled: segment_id != null });
  const segment = segments.data?.items.find(({ id }) => id === segment_id)?.name ?? "a segment";
  return (
    <>
      <p>{reportSaid(definition)}.</p>
      <p className="text-ink-2">
        {segment_id == null ? "People" : `People of ${segment}`} who begin {daysSaid(days)}
        {breakdown != null && `, compared by ${breakdownSaid(breakdown)}`}.
      </p>
    </>
  );
}
