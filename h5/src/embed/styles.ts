/** How launcher and panel look, inside a shadow root where the site's own styles do not reach. */

const CSS = `
:host { all: initial; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.launcher, .panel { position: fixed; z-index: 2147483000; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif; }
.launcher { bottom: max(20px, env(safe-area-inset-bottom)); width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%; background: var(--color, #0f766e); color: #fff; cursor: pointer; box-shadow: 0 4px 20px #0004; }
.right { right: max(20px, env(safe-area-inset-right)); }
.left { left: max(20px, env(safe-area-inset-left)); }
.launcher svg { display: block; width: 26px; height: 26px; margin: auto; }
.launcher.news::after { content: ""; position: absolute; top: 2px; right: 2px; width: 14px; height: 14px; border: 2px solid #fff; border-radius: 50%; background: #d92d20; }
.panel { bottom: 88px; display: flex; flex-direction: column; width: 400px; height: min(680px, calc(100vh - 108px)); overflow: hidden; border: 1px solid var(--line); border-radius: 16px; background: var(--bg); color: var(--text); box-shadow: 0 12px 48px #0005; --bg: #fff; --text: #1d2426; --line: #e2e8e5; }
.dark .panel { --bg: #15181a; --text: #e4e8e7; --line: #2d3437; }
.head { display: flex; align-items: center; flex: none; height: 44px; padding: 0 4px 0 16px; border-bottom: 1px solid var(--line); }
.head h2 { flex: 1; min-width: 0; margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: inherit; font-weight: 600; font-size: 15px; }
.close { width: 40px; height: 40px; padding: 0; border: 0; border-radius: 10px; background: none; color: inherit; cursor: pointer; }
.close svg { display: block; width: 18px; height: 18px; margin: auto; }
.frame { flex: 1; width: 100%; min-height: 0; border: 0; }
.note { flex: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 12px; padding: 24px; text-align: center; }
.note p { margin: 0; }
.note button { padding: 6px 16px; border: 1px solid currentcolor; border-radius: 10px; background: none; color: inherit; font: inherit; cursor: pointer; }
:focus-visible { outline: 2px solid var(--color, #0f766e); outline-offset: 2px; }
@media (max-width: 600px) {
  .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; padding: env(safe-area-inset-top) 0 0; }
  .open .launcher { display: none; }
}
@media print { .launcher, .panel { display: none; } }
`;

/** Constructed, so that no content policy has to allow inline styles; older browsers take an element. */
export function dress(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = CSS;
    root.append(style);
  }
}
