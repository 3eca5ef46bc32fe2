export const ROLES = ["admin", "manager", "analyst", "viewer"] as const;
export type Role = (typeof ROLES)[number];
