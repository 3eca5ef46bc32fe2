import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { PeopleFrame } from "../people-frame";
import { AudienceForm } from "./audience-form";
import { AudienceLine } from "./audience-line";
import { audiencesQuery, useCreateAudience } from "./queries";

/** Segments that are audiences at the ad platforms, and how each stands. */
export function AudiencesRoom() {
  const { segment, make } = useSearch({ from: "/signed-in/people/audiences" });
  const navigate = useNavigate({ from: "/people/audiences" });
  const mayWrite = useCan("cdp.audience_sync:write");
  const mayExport = useCan("cdp.exports:read");
  const audiences = useQuery(audiencesQuery(segment));
  const create = useCreateAudience();
  const show = (open: boolean) => {
    create.reset();
    void navigate({ search: (was) => ({ ...was, make: open ? ("new" as const) : undefined }) });
  };
  return (
    <PeopleFrame>
      <Panel
        title={segment === undefined ? "Audiences" : "Audiences of one segment"}
        aside={
          <div className="flex flex-wrap items-center gap-2">
            {segment !== undefined && (
              <Link to="/people/audiences" className="text-ink-2 underline underline-offset-2">
                All audiences
              </Link>
            )}
            {mayExport && (
              <Link to="/people/exports" className="text-ink-2 underline underline-offset-2">
                Export a file instead
              </Link>
            )}
            {mayWrite && (
              <Button
                onClick={() => {
                  show(true);
                }}
              >
                Send to a platform
              </Button>
            )}
          </div>
        }
      >
        <Loaded query={audiences}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No audience yet.">
                An audience is a segment at an ad platform, kept equal to it: who enters is added, who leaves,
                withdraws or is erased is taken out.
              </Empty>
            ) : (
              <ul>
                {items.map((audience) => (
                  <AudienceLine key={audience.id} audience={audience} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      <Dialog open={mayWrite && make === "new"} onOpenChange={show} title="Send a segment to a platform">
        <AudienceForm
          segmentId={segment}
          busy={create.isPending}
          error={create.error}
          onSubmit={(wish) => {
            create.mutate(wish, {
              onSuccess: () => {
                show(false);
              },
            });
          }}
        />
      </Dialog>
    </PeopleFrame>
  );
}
