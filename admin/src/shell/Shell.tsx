/** The frame around the screens. */
import { Button } from "antd";
import { lazy, useEffect, useRef, useState } from "react";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { hrefOf, useRoute } from "../route";
import { MenuIcon, SignOutIcon } from "../ui/icons";
import { Later } from "../ui/Later";
import { useOnline, useWide } from "../ui/useMedia";
import { useDeed } from "../ui/useDeed";
import { Nav } from "./Nav";
import { Screen } from "./Screen";
import { Tastes } from "./Tastes";

const NavDrawer = lazy(() => import("./NavDrawer"));

export function Shell() {
  const { t } = useI18n();
  const wide = useWide();
  const online = useOnline();
  const route = useRoute();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = "id" in route ? `${route.screen} ${route.id}` : route.screen;
  const first = useRef(place);
  useEffect(() => {
    if (first.current === place) return;
    first.current = place;
    // whoever hears the page is led to the new screen
    main.current?.focus();
    scrollTo(0, 0);
  }, [place]);
  return (
    <div className="shell shell-in">
      <header className="top">
        <button type="button" className="skip" onClick={() => main.current?.focus()}>
          {t.nav.skip}
        </button>
        {!wide && <Button type="text" icon={<MenuIcon />} aria-label={t.nav.open} aria-expanded={open} onClick={() => setOpen(true)} />}
        <a className="brand" href={hrefOf({ screen: "overview" })}>
          <img src="/admin/icon.svg" alt="" />
          Concierge
        </a>
        {wide && <Who />}
        <Tastes />
        {wide && <SignOut />}
      </header>
      {!online && (
        <p className="offline" role="status">
          {t.offline}
        </p>
      )}
      {wide && (
        <div className="side">
          <Nav route={route} />
        </div>
      )}
      <main className="main" ref={main} tabIndex={-1}>
        <div className="screen">
          <Screen route={route} />
        </div>
      </main>
      {!wide && open && (
        <Later>
          <NavDrawer onClose={() => setOpen(false)}>
            <Nav route={route} onChosen={() => setOpen(false)} />
            <Who />
            <SignOut />
          </NavDrawer>
        </Later>
      )}
    </div>
  );
}

function Who() {
  const { t } = useI18n();
  const { me } = useConsole();
  return (
    <div className="who">
      <a href={hrefOf({ screen: "account" })}>{me.name}</a>
      <span className="muted">{t.roles[me.role]}</span>
    </div>
  );
}

function SignOut() {
  const { t } = useI18n();
  const { api, leave } = useConsole();
  const deed = useDeed();
  return (
    <Button type="text" icon={<SignOutIcon />} loading={deed.busy} onClick={() => deed.run(api.signOut, leave)}>
      {deed.error ? t.errors[deed.error.code] : t.nav.signOut}
    </Button>
  );
}
