import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LogOut, UserRound } from "lucide-react";
import { meQuery } from "@/api/queries";
import { signOut } from "@/api/session";
import { IconButton } from "@/design/button";
import { Menu, MenuChoice, MenuChoices, MenuItem, MenuLabel, MenuLine } from "./menu";
import { ROOMS } from "./rooms";
import { setTheme, type Theme, useTheme } from "./theme";

export function UserMenu() {
  const me = useQuery(meQuery);
  const theme = useTheme();
  return (
    <Menu
      trigger={
        <IconButton label="Account and theme">
          <UserRound size={16} aria-hidden />
        </IconButton>
      }
    >
      <MenuLabel>{me.data?.user.email ?? "Signed in"}</MenuLabel>
      {ROOMS.filter(({ notOnPhone }) => notOnPhone).map(({ to, label, icon: Icon }) => (
        <MenuItem key={to} asChild>
          <Link to={to}>
            <Icon size={14} aria-hidden /> {label}
          </Link>
        </MenuItem>
      ))}
      <MenuLine />
      <MenuLabel>Theme</MenuLabel>
      <MenuChoices
        value={theme}
        onValueChange={(value) => {
          setTheme(value as Theme);
        }}
      >
        <MenuChoice value="system">As the system</MenuChoice>
        <MenuChoice value="light">Light</MenuChoice>
        <MenuChoice value="dark">Dark</MenuChoice>
      </MenuChoices>
      <MenuLine />
      <MenuItem onSelect={() => void signOut()}>
        <LogOut size={14} aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
}
