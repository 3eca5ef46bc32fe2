/** What to paste, for the SDKs that people run already: only the host is ours. */
interface Snippet {
  readonly key: string;
  readonly name: string;
  readonly code: string;
}

/** For a page without a build: it loads the SDK from here, and keeps what is called before it is there. */
function webPage(origin: string, writeKey: string): string {
  return `<script>
  !(function (page) {
    var waiting = [], calls = ["track", "page", "identify", "group", "alias", "screen"];
    var analytics = (window.analytics = {});
    calls.forEach(function (call) {
      analytics[call] = function () { waiting.push([call, arguments]); };
    });
    var sdk = page.createElement("script");
    sdk.async = true;
    sdk.src = "${origin}/sdk/analytics.js";
    sdk.onload = function () {
      window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: "${writeKey}", cdnURL: "${origin}" });
      waiting.forEach(function (said) { window.analytics[said[0]].apply(window.analytics, said[1]); });
    };
    page.head.appendChild(sdk);
  })(document);
  analytics.page();
</script>`;
}

export function snippets(origin: string, writeKey: string): readonly Snippet[] {
  const host = origin.replace(/^https?:\/\//, "");
  return [
    { key: "page", name: "Web page", code: webPage(origin, writeKey) },
    {
      key: "browser",
      name: "Browser (npm)",
      code: `import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load(
  { writeKey: "${writeKey}", cdnURL: "${origin}" },
  { integrations: { "Segment.io": { apiHost: "${host}/v1", protocol: "${origin.startsWith("https") ? "https" : "http"}" } } },
);
analytics.page();
analytics.track("Order Completed", { order_id: "1001", revenue: 49.9, currency: "EUR" });`,
    },
    {
      key: "python",
      name: "Python",
      code: `import segment.analytics as analytics  # pip install segment-analytics-python

analytics.write_key = "${writeKey}"
analytics.host = "${origin}"
analytics.track("user-1", "Order Completed", {"order_id": "1001", "revenue": 49.9, "currency": "EUR"})
analytics.flush()`,
    },
    {
      key: "curl",
      name: "curl",
      code: `curl ${origin}/v1/track -u '${writeKey}:' -d '{
  "userId": "user-1",
  "event": "Order Completed",
  "properties": {"order_id": "1001", "revenue": 49.9, "currency": "EUR"}
}'`,
    },
  ];
}
