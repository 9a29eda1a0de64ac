import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the server; the built pages are served by the server itself. */
const server = process.env.CONCIERGE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/admin/",
  plugins: [react()],
  build: {
    target: "es2022",
    // nothing becomes a data: URL, so that the pages work under a strict content policy
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "/admin/v1": server },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
