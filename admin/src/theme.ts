/** Ant Design in the colours of `styles/tokens.css`. */
import { theme, type ThemeConfig } from "antd";

const SHARED: ThemeConfig["token"] = {
  borderRadius: 8,
  controlHeight: 36,
  fontFamily: "inherit",
  fontSize: 15,
};

const LIGHT: ThemeConfig = {
  algorithm: theme.defaultAlgorithm,
  token: {
    ...SHARED,
    colorPrimary: "#0f766e",
    colorInfo: "#0f766e",
    colorLink: "#0f766e",
    // white words on it are readable, unlike on the default
    colorError: "#c0281b",
    colorText: "#1d2426",
    colorTextPlaceholder: "#6b7677",
    colorBgBase: "#ffffff",
    // the edge of a field must be seen (WCAG 1.4.11)
    colorBorder: "#8c9996",
  },
};

const DARK: ThemeConfig = {
  algorithm: theme.darkAlgorithm,
  token: {
    ...SHARED,
    colorPrimary: "#36c5b7",
    colorInfo: "#36c5b7",
    colorError: "#ff7b70",
    colorLink: "#4cc2b5",
    colorText: "#e4e8e7",
    colorTextPlaceholder: "#8c9999",
    // dark words on the bright buttons of this scheme
    colorTextLightSolid: "#06201d",
    colorBgBase: "#15181a",
    // derived from the base they would turn blue
    colorBgContainer: "#1a1e20",
    colorBgElevated: "#1e2325",
    colorBorder: "#687577",
    colorBorderSecondary: "#2d3437",
  },
};

/** `still`: for people who want nothing to move. */
export function themeOf(dark: boolean, still: boolean): ThemeConfig {
  const chosen = dark ? DARK : LIGHT;
  return { ...chosen, token: { ...chosen.token, motion: !still } };
}
