import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty } from "@/design/states";
import { SavedList } from "../analytics/saved-list";
import { reportsQuery } from "./queries";
import { reportSaid } from "./report-draft";

export function ReportsRoom() {
  const reports = useInfiniteQuery(reportsQuery);
  return (
    <SavedList
      kind="retention"
      query={reports}
      said={reportSaid}
      empty={
        <Empty title="No retention report is saved yet.">
          A report takes the people who began in the same week, day or month, and counts who of them came back
          in those that followed.
        </Empty>
      }
    />
  );
}
