import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { AdAccount, AssetDetail, DraftDetail } from "@/api/types";
import { open } from "@/testing/app";
import { quietTenant } from "@/testing/fixtures";
import { problem } from "@/testing/server";

const ID = "0199aaaa-0000-7000-8000-0000000000a1";
const OTHER = "0199aaaa-0000-7000-8000-0000000000a2";
const FEED = { key: "meta.feed", platform: "meta", name: "Feed", advice: null };
const ASSET: AssetDetail = {
  id: ID,
  name: "autumn.jpg",
  tags: ["spring"],
  format: "jpeg",
  width: 1080,
  height: 1080,
  size_bytes: 215_040,
  has_alpha: false,
  animated: false,
  frames: 1,
  sha256: "ab".repeat(32),
  changes: ["metadata_removed", "orientation_applied"],
  created_by: "ana@northwind.example",
  created_at: "2026-11-23T05:00:00Z",
  drafts: 0,
  fits: ["meta.feed"],
  draft_platforms: ["meta"],
  draft_parts: ["meta.picture"],
  placements: [
    { ...FEED, fits: true, problems: [] },
    {
      ...FEED,
      key: "snapchat.top_snap",
      platform: "snapchat",
      name: "Snap, full screen",
      fits: false,
      problems: [
        { code: "too_low", message: "It needs to be 1920 px high or more: it has 1080." },
        { code: "ratio", message: "Crop it to 9:16: it is 1080 x 1080 (1.00:1)." },
      ],
    },
  ],
};
const TINY: AssetDetail = {
  ...ASSET,
  id: OTHER,
  name: "tiny.png",
  format: "png",
  width: 40,
  fits: [],
  draft_platforms: [],
  draft_parts: [],
};
const WRITER = [
  "campaigns.assets:read",
  "campaigns.assets:write",
  "campaigns.drafts:read",
  "campaigns.drafts:write",
];

function library(assets: readonly AssetDetail[], permissions = WRITER) {
  const { server } = quietTenant(permissions);
  server.on("GET /campaigns/assets", { items: assets, next_cursor: null, limit: 24 });
  for (const asset of assets) {
    server.on(`GET /campaigns/assets/${asset.id}`, asset);
    server.on(
      `GET /campaigns/assets/${asset.id}/thumbnail`,
      () => new Response("RIFF", { headers: { "Content-Type": "image/webp" } }),
    );
  }
  return server;
}

interface Answer {
  status: number;
  body: object;
}

/** The browser's own way of sending a file, which tells how far it is; a test says when it is answered. */
function uploads() {
  const sent: { file: File; address: string; token: string | undefined; answer: (one: Answer) => void }[] =
    [];
  class Request {
    upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
    onload?: () => void;
    status = 0;
    responseText = "";
    private address = "";
    private readonly headers = new Map<string, string>();
    open(_method: string, address: string) {
      this.address = address;
    }
    setRequestHeader(name: string, value: string) {
      this.headers.set(name, value);
    }
    getResponseHeader() {
      return null;
    }
    send(file: File) {
      this.upload.onprogress?.({ loaded: 1, total: 4 });
      sent.push({
        file,
        address: this.address,
        token: this.headers.get("Authorization"),
        answer: ({ status, body }) => {
          this.status = status;
          this.responseText = JSON.stringify(body);
          this.onload?.();
        },
      });
    }
  }
  vi.stubGlobal("XMLHttpRequest", Request);
  return sent;
}

const picture = (name: string) => new File(["picture"], name, { type: "image/jpeg" });

test("each image says which platforms it fits, and what is missing for the others", async () => {
  library([ASSET, TINY]);
  const { user } = open("/campaigns/images");
  const grid = within(await screen.findByRole("list", { name: "Images" }));
  expect(await grid.findByText("Fits Meta")).toBeVisible();
  expect(grid.getByText("Fits no placement")).toBeVisible();
  await user.click(grid.getByRole("button", { name: /autumn\.jpg/ }));
  const shown = within(await screen.findByRole("dialog", { name: "autumn.jpg" }));
  const snapchat = within(await shown.findByRole("region", { name: "Snapchat" }));
  expect(snapchat.getByText("It needs to be 1920 px high or more: it has 1080.")).toBeVisible();
  expect(shown.getByText("It was turned as it is looked at.")).toBeVisible();
  expect(await shown.findByRole("img", { name: "autumn.jpg" })).toHaveAttribute(
    "src",
    expect.stringMatching(/^data:image\/webp/),
  );
});

test("files are sent one after the other, each with its bar and what became of it", async () => {
  library([]);
  const sent = uploads();
  const { user } = open("/campaigns/images");
  await user.upload(await screen.findByLabelText(/Choose images/), [picture("a.jpg"), picture("b.jpg")]);
  const lines = within(await screen.findByRole("list", { name: "Uploads" }));
  expect(lines.getByRole("progressbar", { name: "Upload of a.jpg" })).toHaveAttribute("value", "0.25");
  expect(sent).toHaveLength(1);
  expect(sent[0]?.address).toContain("/api/v1/campaigns/assets?name=a.jpg");
  expect(sent[0]?.token).toBe("Bearer token-1");
  sent[0]?.answer({ status: 201, body: { ...ASSET, is_new: true } });
  expect(await lines.findByText("In the library, fits Meta")).toBeVisible();
  await waitFor(() => {
    expect(sent).toHaveLength(2);
  });
  sent[1]?.answer({
    status: 422,
    body: {
      success: false,
      error: "The file ends before the image does.",
      code: "campaigns.assets.refused",
      fields: [{ field: "file", message: "The file ends before the image does.", code: "truncated" }],
    },
  });
  expect(await lines.findByRole("alert")).toHaveTextContent("The file ends before the image does.");
  expect(screen.getByText("1 image in the library, 1 refused.")).toBeInTheDocument();
});

test("files may be dropped", async () => {
  library([]);
  const sent = uploads();
  open("/campaigns/images");
  const zone = (await screen.findByText("Choose images, or drop them here")).closest("label");
  if (zone === null) throw new Error("there is nowhere to drop");
  fireEvent.drop(zone, { dataTransfer: { files: [picture("dropped.jpg")] } });
  await waitFor(() => {
    expect(sent.map(({ file }) => file.name)).toEqual(["dropped.jpg"]);
  });
});

test("an image that a draft names is not deleted, and says why", async () => {
  const server = library([{ ...ASSET, drafts: 1 }]);
  server.on(`DELETE /campaigns/assets/${ID}`, () =>
    problem(409, "campaigns.assets.in_use", "Drafts use the image, such as “Spring”."),
  );
  const { user } = open("/campaigns/images");
  await user.click(await screen.findByRole("button", { name: /autumn\.jpg/ }));
  const shown = within(await screen.findByRole("dialog", { name: "autumn.jpg" }));
  expect(await shown.findByText("1 draft")).toBeVisible();
  await user.click(shown.getByRole("button", { name: "Delete" }));
  const asked = within(await screen.findByRole("dialog", { name: "Delete autumn.jpg?" }));
  await user.click(asked.getByRole("button", { name: "Delete" }));
  expect(await asked.findByRole("alert")).toHaveTextContent("Drafts use the image, such as “Spring”.");
});

test("a name and tags are saved as they were typed, less what is empty", async () => {
  const server = library([ASSET]);
  server.on(`PATCH /campaigns/assets/${ID}`, ASSET);
  const { user } = open("/campaigns/images");
  await user.click(await screen.findByRole("button", { name: /autumn\.jpg/ }));
  const tags = await screen.findByLabelText("Tags");
  await user.clear(tags);
  await user.type(tags, " sale, , summer ");
  await user.click(screen.getByRole("button", { name: "Save name and tags" }));
  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(server.asked(`PATCH /campaigns/assets/${ID}`)[0]?.body).toEqual({
    name: "autumn.jpg",
    tags: ["sale", "summer"],
  });
});

test("who may only look is offered nothing else", async () => {
  library([ASSET], ["campaigns.assets:read"]);
  const { user } = open("/campaigns/images");
  await user.click(await screen.findByRole("button", { name: /autumn\.jpg/ }));
  expect(await screen.findByRole("button", { name: "Download" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
  expect(screen.queryByText("Choose images, or drop them here")).toBeNull();
});

const DRAFT: DraftDetail = {
  id: "0199aaaa-0000-7000-8000-0000000000d1",
  ad_account_id: "0199aaaa-0000-7000-8000-0000000000c1",
  platform: "meta",
  name: "Spring",
  status: "draft",
  version: 3,
  created_by: "ana@northwind.example",
  created_at: "2026-11-23T05:00:00Z",
  updated_by: "ana@northwind.example",
  updated_at: "2026-11-23T05:00:00Z",
  submitted_by: null,
  submitted_at: null,
  decided_by: null,
  decided_at: null,
  decision_reason: null,
  external_id: null,
  published_at: null,
  error_code: null,
  error_detail: null,
  plan: { name: "Spring", objective: "traffic", ad_sets: [{ name: "Runners", assets: [OTHER] }] },
  campaign_id: null,
  may_approve: false,
  log: [],
};

test("images are chosen for a part of a plan by the keyboard, and a fault stands beside its own", async () => {
  const server = library([ASSET, TINY]);
  const account = { id: DRAFT.ad_account_id, name: "Shop", platform: "meta", currency: "USD" } as AdAccount;
  server.on(`GET /campaigns/drafts/${DRAFT.id}`, DRAFT);
  server.on("GET /campaigns/drafts/offers", []);
  server.on("GET /integrations/ad-accounts", { items: [account], has_next: false });
  server.on(`GET /campaigns/drafts/${DRAFT.id}/validation`, {
    version: 3,
    valid: false,
    least_daily_micros: null,
    faults: [
      {
        field: "plan.ad_sets.0.assets.0",
        code: "image_fits_nowhere",
        message: "It fits no placement of meta.",
      },
    ],
  });
  server.on(`PUT /campaigns/drafts/${DRAFT.id}`, DRAFT);
  const { user } = open(`/campaigns/drafts/${DRAFT.id}`);
  const adSet = within(await screen.findByRole("region", { name: "Images of ad set 1" }));
  expect(await adSet.findByText("tiny.png")).toBeVisible();
  expect(await adSet.findByRole("alert")).toHaveTextContent("It fits no placement of meta.");
  screen.getByRole("button", { name: "Choose images of the campaign" }).focus();
  await user.keyboard("{Enter}");
  const dialog = within(await screen.findByRole("dialog", { name: "Images of the campaign" }));
  const choice = await dialog.findByRole("checkbox", { name: "autumn.jpg" });
  expect(choice).toHaveAccessibleDescription(/fits Meta/);
  expect(dialog.getByRole("checkbox", { name: "tiny.png" })).toHaveAccessibleDescription(
    /fits no placement of Meta/,
  );
  choice.focus();
  await user.keyboard(" {Escape}");
  await user.click(adSet.getByRole("button", { name: "Leave out tiny.png" }));
  await user.click(screen.getByRole("button", { name: "Save the plan" }));
  await waitFor(() => {
    expect(server.asked(`PUT /campaigns/drafts/${DRAFT.id}`)[0]?.body).toMatchObject({
      version: 3,
      plan: { assets: [ID], ad_sets: [{ name: "Runners", assets: [] }] },
    });
  });
});
