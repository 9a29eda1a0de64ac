import { defineConfig } from "vite";

/** The script other sites load: one file, a name that stays, nothing in it but itself. */
export default defineConfig({
  publicDir: false,
  build: {
    // beside the page, which is built first
    emptyOutDir: false,
    target: "es2020",
    lib: { entry: "src/embed/embed.ts", formats: ["iife"], name: "ConciergeEmbed", fileName: () => "embed.js" },
  },
});
