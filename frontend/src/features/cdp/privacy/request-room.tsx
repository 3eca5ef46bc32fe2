import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { PrivacyRequest } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { PeopleFrame } from "../people-frame";
import { shortId } from "../profiles/person";
import { CertificatePanel } from "./certificate";
import { ExportPanel } from "./export";
import { requestQuery, useDecide } from "./queries";
import { Stores } from "./stores";
import { Due, KINDS, RequestStatus } from "./words";

export function RequestRoom() {
  const { requestId } = useParams({ from: "/signed-in/people/requests/$requestId" });
  const request = useQuery(requestQuery(requestId));
  return (
    <PeopleFrame>
      <nav aria-label="Back" className="max-sm:px-4 print:hidden">
        <Link to="/people/requests" className="text-accent hover:underline">
          All requests
        </Link>
      </nav>
      <Loaded query={request} rows={8}>
        {(data) => (
          <>
            <About request={data} />
            {data.status === "proposed" && <Decide request={data} />}
            {data.kind === "export" ? <ExportPanel request={data} /> : <Erasure request={data} />}
          </>
        )}
      </Loaded>
    </PeopleFrame>
  );
}

function About({ request }: { request: PrivacyRequest }) {
  return (
    <Panel
      title={`${KINDS[request.kind]} of person ${shortId(request.profile_id)}`}
      aside={
        <span role="status">
          <RequestStatus request={request} />
        </span>
      }
    >
      <div className="space-y-3 p-4">
        <Facts>
          <Fact term="Asked">
            <Moment at={request.requested_at} /> by {request.requested_by}
          </Fact>
          <Fact term="Why">{request.reason}</Fact>
          <Fact term="Due">
            <Moment at={request.due_at} /> · <Due request={request} />
          </Fact>
          <Fact term="Done">
            {request.finished_at === null ? (
              <Unknown why="it is not done yet" />
            ) : (
              <Moment at={request.finished_at} />
            )}
          </Fact>
          {request.kind === "export" && request.expires_at !== null && (
            <Fact term="Kept until">
              <Moment at={request.expires_at} /> (<Age domain at={request.expires_at} />)
            </Fact>
          )}
        </Facts>
        {(request.status === "queued" || request.status === "running") && <Progress request={request} />}
      </div>
    </Panel>
  );
}

/** Another system deleted the person for good; a person here says whether that is to be so here too. */
function Decide({ request }: { request: PrivacyRequest }) {
  const mayDecide = useCan("cdp.privacy:admin");
  const decide = useDecide(request.id);
  return (
    <Panel title="Erase this person here too?">
      <div className="space-y-3 p-4">
        <p className="max-w-prose text-ink-2">
          Nothing has been done yet. The law’s time has begun: check who it is, and say which.
        </p>
        {mayDecide ? (
          <div className="flex flex-wrap gap-2">
            <ConfirmButton label="Erase" title="Erase this person?" act={() => decide.mutateAsync("confirm")}>
              Everything that is held of them is erased, store by store. It cannot be undone.
            </ConfirmButton>
            <Button
              busy={decide.isPending}
              onClick={() => {
                decide.mutate("dismiss");
              }}
            >
              Leave as it is
            </Button>
          </div>
        ) : (
          <p className="text-ink-2">An administrator decides.</p>
        )}
        {decide.isError && <ErrorNote error={decide.error} />}
      </div>
    </Panel>
  );
}

function Progress({ request }: { request: PrivacyRequest }) {
  const { steps_done: done, steps_total: total } = request;
  return (
    <div>
      <p id="progress" className="mb-1 text-ink-2">
        {total > 0 ? `Step ${integer(done)} of ${integer(total)}` : `${integer(done)} steps done`}
      </p>
      <progress
        aria-labelledby="progress"
        className="h-1.5 w-full max-w-md"
        max={Math.max(total, 1)}
        value={done}
      />
    </div>
  );
}

function Erasure({ request }: { request: PrivacyRequest }) {
  if (request.status === "done") return <CertificatePanel requestId={request.id} />;
  if (request.status === "dismissed" || request.status === "overtaken") return null;
  return (
    <Panel title="Store by store">
      {request.steps.length === 0 ? (
        <Empty title="It has not begun yet.">Each store stands here as it is dealt with.</Empty>
      ) : (
        <Stores stores={request.steps} />
      )}
    </Panel>
  );
}
