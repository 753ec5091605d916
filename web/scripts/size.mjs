// Size of the first load: the entry script, its imports, and a page's script. Any page may be the
// first, because mails link to all of them.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT = 250 * 1000;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

function collect(key, files) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the build`);
  if (files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) collect(imported, files);
  return files;
}

const views = Object.keys(manifest).filter(key => manifest[key].isDynamicEntry);
if (views.length === 0) throw new Error('the build has no pages');

let tooLarge = false;
for (const view of views) {
  const files = collect(view, collect('index.html', new Set()));
  let sum = 0;
  for (const file of files) sum += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  tooLarge ||= sum > LIMIT;
  console.log(
    `${(sum / 1000).toFixed(1).padStart(6)} kB of ${LIMIT / 1000} kB  ${view} (${files.size} files, gzip)`,
  );
}
if (tooLarge) {
  console.error(
    'The first view has become too large. Load what it does not need with the route that needs it.',
  );
  process.exit(1);
}
