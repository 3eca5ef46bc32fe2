/** The ad platforms, by the names that the API knows them by. */
export const PLATFORMS = ["meta", "google", "tiktok", "snapchat"] as const;
