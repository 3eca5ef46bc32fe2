import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ProfileDetail } from "@/api/types";
import { Evidence } from "@/design/evidence";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Page, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { PersonConsents } from "../consents/person-consents";
import { Identity } from "../identity/identity";
import { MergeButton } from "../identity/merge-button";
import { SegmentsOf } from "../segments/segments-of";
import { ComputedPanel } from "../traits/computed-panel";
import { Amounts } from "./amounts";
import { LifecycleStatus, PersonLink, shortId } from "./person";
import { Personal } from "./personal";
import { profileQuery } from "./queries";
import { Timeline } from "./timeline";

export function ProfileRoom() {
  const { profileId } = useParams({ from: "/signed-in/people/$profileId" });
  const profile = useQuery(profileQuery(profileId));
  return (
    <Loaded query={profile} rows={12}>
      {(data) => <ProfilePage asked={profileId} profile={data} />}
    </Loaded>
  );
}

function ProfilePage({ asked, profile }: { asked: string; profile: ProfileDetail }) {
  return (
    <Page
      title={`Person ${shortId(profile.id)}`}
      lead={<LifecycleStatus lifecycle={profile.lifecycle} />}
      actions={<MergeButton profile={profile} />}
    >
      <nav aria-label="Back" className="max-sm:px-4">
        <Link to="/people" className="text-accent hover:underline">
          All profiles
        </Link>
      </nav>
      {asked !== profile.id && (
        <p role="status" className="border-l-2 border-hold px-4 py-2">
          {shortId(asked)} was merged into this person: this is <PersonLink profileId={profile.id} />.
        </p>
      )}
      <Figures profile={profile} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Personal profile={profile} />
        <Panel title="Traits">
          <div className="space-y-4 p-4">
            <Evidence value={profile.traits} empty="Nothing was said of them that names nobody." />
            {Object.keys(profile.click_ids).length > 0 && (
              <section aria-label="Click ids">
                <h3 className="mb-1 font-medium">Click ids</h3>
                <Evidence value={profile.click_ids} empty="" />
              </section>
            )}
          </div>
        </Panel>
      </div>
      <SegmentsOf profileId={profile.id} />
      <PersonConsents profileId={profile.id} />
      <ComputedPanel profileId={profile.id} />
      <Identity profile={profile} />
      <Timeline profileId={profile.id} />
    </Page>
  );
}

function Figures({ profile }: { profile: ProfileDetail }) {
  return (
    <section aria-label="Figures" className="border-y border-line bg-surface sm:rounded-lg sm:border-x">
      <dl className="grid grid-cols-2 sm:grid-cols-3 lg:grid-cols-6">
        <Figure term="Events">{integer(profile.event_count)}</Figure>
        <Figure term="Orders">{integer(profile.order_count)}</Figure>
        <Figure term="Refunds">{integer(profile.refund_count)}</Figure>
        <Figure term="Revenue">
          <Amounts amounts={profile.revenue} />
        </Figure>
        <Figure term="Paid back">
          <Amounts amounts={profile.refunded} />
        </Figure>
        <Figure term="Last seen">
          <Age domain at={profile.last_seen_at} />
        </Figure>
      </dl>
      <Facts className="border-t border-line px-4 py-3 md:grid-cols-[max-content_minmax(0,1fr)_max-content_minmax(0,1fr)]">
        <Fact term="First seen">
          <Moment at={profile.first_seen_at} />
        </Fact>
        <Fact term="First order">
          <Ordered at={profile.first_order_at} />
        </Fact>
        <Fact term="Profile">
          <code className="font-mono text-sm break-all">{profile.id}</code>
        </Fact>
        <Fact term="Last order">
          <Ordered at={profile.last_order_at} />
        </Fact>
      </Facts>
    </section>
  );
}

function Figure({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="min-w-0 px-4 py-3">
      <dt className="text-sm text-ink-3">{term}</dt>
      <dd className="text-xl font-medium">{children}</dd>
    </div>
  );
}

function Ordered({ at }: { at: string | null }) {
  return at === null ? <Unknown why="they have not ordered" /> : <Moment at={at} />;
}
