// Copies what the browser needs from node_modules into the folder named first, compressed once for all requests.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const FROM = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const TO = process.argv[2];

const FILES = {
  "tabler.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler.rtl.css": "@tabler/core/dist/css/tabler.rtl.min.css",
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "hx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
  "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "inter-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
};

rmSync(TO, { recursive: true, force: true });
mkdirSync(TO, { recursive: true });
for (const [name, source] of Object.entries(FILES)) {
  const data = readFileSync(join(FROM, source));
  if (name.endsWith(".css")) write(name, Buffer.from(withoutDataUrls(data.toString())));
  else if (name.endsWith(".js")) write(name, Buffer.from(withoutSourceMap(data.toString())));
  else write(name, data);
}

// The content security policy allows pictures from our own host only, so those within a style sheet become files.
function withoutDataUrls(css) {
  return withoutSourceMap(css).replace(/url\((["'])data:image\/svg\+xml,([^]*?)\1\)/g, (_, quote, svg) => {
    const data = Buffer.from(svg.startsWith("<") ? svg : decodeURIComponent(svg));
    const name = `img-${createHash("sha256").update(data).digest("hex").slice(0, 10)}.svg`;
    write(name, data);
    return `url("${name}")`;
  });
}

function withoutSourceMap(text) {
  return text.replace(/\/[/*]# sourceMappingURL=.*$/gm, "");
}

function write(name, data) {
  writeFileSync(join(TO, name), data);
  if (name.endsWith(".woff2")) return;
  writeFileSync(join(TO, `${name}.br`), brotliCompressSync(data));
  writeFileSync(join(TO, `${name}.gz`), gzipSync(data, { level: 9 }));
}
