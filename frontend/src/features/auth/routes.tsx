import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/shell/roots";
import { choice, searchOf, text } from "@/shell/search";

const token = searchOf({ token: text });

/** The rooms in front of the door. The addresses with a token are those that our e-mails link to. */
export const authRoutes = [
  createRoute({
    getParentRoute: () => root,
    path: "/sign-in",
    validateSearch: searchOf({ next: text }),
    component: lazyRouteComponent(() => import("./sessions/sign-in-room"), "SignInRoom"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/register",
    component: lazyRouteComponent(() => import("./registration/register-room"), "RegisterRoom"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/verify-email",
    validateSearch: token,
    component: lazyRouteComponent(() => import("./registration/verify-email-room"), "VerifyEmailRoom"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/forgot-password",
    component: lazyRouteComponent(() => import("./passwords/forgot-password-room"), "ForgotPasswordRoom"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/reset-password",
    validateSearch: token,
    component: lazyRouteComponent(() => import("./passwords/reset-password-room"), "ResetPasswordRoom"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/accept-invitation",
    validateSearch: token,
    component: lazyRouteComponent(
      () => import("../invitations/accept-invitation-room"),
      "AcceptInvitationRoom",
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/act",
    validateSearch: searchOf({ token: text, do: choice("approve", "dismiss", "acknowledge") }),
    component: lazyRouteComponent(() => import("../notifications/links/act-room"), "ActRoom"),
  }),
] as const;
