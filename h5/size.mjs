// Weighs what a browser loads before the chat can be used, as it travels: compressed. Fails above the limit.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_KB_MAX = 350;
const EMBED_KB_MAX = 8;

const dist = new URL("dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist)));

const weigh = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 6 }).length;
const sum = (files) => [...files].reduce((bytes, file) => bytes + weigh(file), 0);
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

/** The files of a part and of all that it imports at once. */
function filesOf(key, files = new Set()) {
  const { file, css = [], imports = [] } = manifest[key];
  if (files.has(file)) return files;
  for (const one of [file, ...css]) files.add(one);
  for (const one of imports) filesOf(one, files);
  return files;
}

const first = filesOf("index.html").add("index.html");
const firstBytes = sum(first);
console.log(`first load   ${kb(firstBytes)} gzip in ${first.size} files (limit ${FIRST_LOAD_KB_MAX} KB)`);
for (const [key, { isDynamicEntry }] of Object.entries(manifest)) {
  if (!isDynamicEntry) continue;
  const more = sum([...filesOf(key)].filter((file) => !first.has(file)));
  console.log(`  later      ${kb(more)} ${key}`);
}
const embedBytes = weigh("embed.js");
console.log(`embed.js     ${kb(embedBytes)} gzip (limit ${EMBED_KB_MAX} KB)`);

const over = firstBytes > FIRST_LOAD_KB_MAX * 1024 || embedBytes > EMBED_KB_MAX * 1024;
if (over) {
  console.error("too large: load the new part later, or take something out");
  process.exitCode = 1;
}
