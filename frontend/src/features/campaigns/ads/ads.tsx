import { useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import type { Ad, AdReview } from "@/api/types";
import { Button } from "@/design/button";
import { LINK } from "@/design/classes";
import { Expandable } from "@/design/expandable";
import { SelectField } from "@/design/field";
import { Age, Moment, Unknown } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { DeliveryStatus, Status, type Tone } from "@/design/status";
import { plural, words } from "@/format/words";
import { adQuery, adsQuery } from "./queries";

const TONES: Readonly<Record<AdReview, Tone>> = {
  approved: "pass",
  pending: "hold",
  limited: "hold",
  disapproved: "block",
};
const REVIEWS = Object.keys(TONES) as AdReview[];
const COLUMNS = "grid-cols-[16px_minmax(0,1fr)] sm:grid-cols-[16px_minmax(0,1fr)_9rem_8rem]";

/** A campaign's ads: what they say, where they lead, and what the platform thinks of them. */
export function Ads({ campaignId }: { campaignId: string }) {
  const [review, setReview] = useState<AdReview | undefined>(undefined);
  const [page, setPage] = useState(1);
  const ads = useQuery(adsQuery(campaignId, review, page));
  return (
    <Panel
      title="Ads"
      aside={
        <div className="w-40">
          <SelectField
            label="Review"
            hideLabel
            value={review ?? ""}
            onChange={(event) => {
              setReview(REVIEWS.find((each) => each === event.target.value));
              setPage(1);
            }}
          >
            <option value="">Every review</option>
            {REVIEWS.map((each) => (
              <option key={each} value={each}>
                {words(each)}
              </option>
            ))}
          </SelectField>
        </div>
      }
    >
      <Loaded query={ads} rows={4}>
        {({ items, total, pages, has_next, has_prev }) =>
          items.length === 0 ? (
            <NoAds filtered={review !== undefined} />
          ) : (
            <>
              <ul>
                {items.map((ad) => (
                  <AdLine key={ad.id} ad={ad} />
                ))}
              </ul>
              <nav
                aria-label="Pages of ads"
                className="flex items-center justify-between border-t border-line px-4 py-2 text-ink-2"
              >
                <span>{plural(total, "ad")}</span>
                {pages > 1 && (
                  <span className="flex items-center gap-3">
                    <Button
                      tone="quiet"
                      disabled={!has_prev}
                      onClick={() => {
                        setPage(page - 1);
                      }}
                    >
                      Previous
                    </Button>
                    Page {page} of {pages}
                    <Button
                      tone="quiet"
                      disabled={!has_next}
                      onClick={() => {
                        setPage(page + 1);
                      }}
                    >
                      Next
                    </Button>
                  </span>
                )}
              </nav>
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

function NoAds({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="None of its ads has this verdict.">Choose another one.</Empty>
  ) : (
    <Empty title="No ads have been read yet.">They are read once an hour, with the account.</Empty>
  );
}

function AdLine({ ad }: { ad: Ad }) {
  const [opened, setOpened] = useState(false);
  return (
    <Expandable
      columns={COLUMNS}
      onOpen={() => {
        setOpened(true);
      }}
      summary={
        <>
          <span className="min-w-0">
            <span className="block truncate font-medium">{ad.name}</span>
            <span className="block truncate text-sm text-ink-3">
              {ad.headline ?? ad.body ?? "The platform tells no text."}
            </span>
            {ad.review === "disapproved" && (
              <span className="block max-w-prose text-sm text-block">
                {ad.review_reasons[0] ?? "The platform gives no reason."}
              </span>
            )}
          </span>
          <span className="max-sm:col-start-2">
            <Review review={ad.review} />
          </span>
          {!isTheReviews(ad.effective_status) && (
            <span className="max-sm:col-start-2">
              <DeliveryStatus status={ad.effective_status} />
            </span>
          )}
        </>
      }
    >
      <Shown ad={ad} />
      {opened && <Verdicts adId={ad.id} />}
    </Expandable>
  );
}

/** A status that only says again what the review says. */
function isTheReviews(status: string): boolean {
  return status === "disapproved" || status === "pending_review";
}

function Review({ review }: { review: AdReview | null }) {
  return review === null ? (
    <Unknown why="the platform does not tell while the ad is stopped" />
  ) : (
    <Status tone={TONES[review]}>{words(review)}</Status>
  );
}

function Shown({ ad }: { ad: Ad }) {
  return (
    <Facts>
      <Fact term="Headline">{ad.headline ?? <Unknown why="the platform tells none" />}</Fact>
      <Fact term="Text">{ad.body ?? <Unknown why="the platform tells none" />}</Fact>
      <Fact term="Button">{ad.call_to_action ?? <Unknown why="the platform tells none" />}</Fact>
      <Fact term="Leads to">
        <Landing url={ad.landing_url} />
      </Fact>
      <Fact term="Shows">
        {ad.creative_kind === null ? <Unknown why="the platform does not tell" /> : words(ad.creative_kind)}
        {ad.media !== null && <span className="ml-2 font-mono text-sm break-all text-ink-3">{ad.media}</span>}
      </Fact>
      <Fact term="Ad set">{ad.ad_set_name ?? <Unknown why="its ad set was not read" />}</Fact>
      <Fact term="Id there">
        <span className="font-mono text-sm break-all">{ad.external_id}</span>
      </Fact>
      <Fact term="Read">
        <Age domain at={ad.synced_at} />
      </Fact>
    </Facts>
  );
}

/** A link for an address of the web alone: an ad may lead into an app, and its address is its owner's text. */
function Landing({ url }: { url: string | null }) {
  if (url === null) return <Unknown why="the platform tells none" />;
  if (!/^https?:\/\//i.test(url)) return <span className="break-all">{url}</span>;
  return (
    <a href={url} target="_blank" rel="noreferrer" className={`${LINK} break-all`}>
      {url} <ExternalLink size={12} aria-hidden className="inline" />
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

function Verdicts({ adId }: { adId: string }) {
  const ad = useQuery(adQuery(adId));
  return (
    <section aria-label="Verdicts" className="mt-3 border-t border-line pt-3">
      <Loaded query={ad} rows={2}>
        {({ reviews }) => (
          <ol className="space-y-2">
            {reviews.map((each) => (
              <li key={each.seen_at}>
                <span className="flex flex-wrap items-center gap-x-3">
                  <Review review={each.review} />
                  <span className="text-sm text-ink-3">
                    since <Moment at={each.seen_at} />
                  </span>
                </span>
                {each.reasons.length > 0 && (
                  <ul className="mt-1 max-w-prose list-disc pl-5 text-ink-2">
                    {each.reasons.map((reason) => (
                      <li key={reason}>{reason}</li>
                    ))}
                  </ul>
                )}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </section>
  );
}
