import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the server; the built page is served by the server itself. */
const server = process.env.CONCIERGE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/h5/",
  plugins: [react()],
  build: {
    target: "es2022",
    // nothing becomes a data: URL, so that the page works under a strict content policy
    assetsInlineLimit: 0,
    // for size.mjs, which weighs the first load
    manifest: true,
  },
  server: {
    proxy: { "/api": server, "/demo": server },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
