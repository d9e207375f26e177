// A plugin that writes the licences of the packages whose code is in the build.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const packageOf = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

function licenceOf(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), 'utf8') : `License: ${String(about.license)}`;
  return `${String(about.name)} ${String(about.version)}\n\n${text.trim()}\n`;
}

/** licences emits a file with the licence of each package that the build contains. */
export function licences(fileName: string): Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const folders = new Set<string>();
      for (const part of Object.values(bundle)) {
        if (part.type !== 'chunk') continue;
        for (const id of part.moduleIds) {
          const folder = packageOf.exec(id.replace(/^\0/, ''))?.[0];
          if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder);
        }
      }
      const source = [...folders].sort().map(licenceOf).join('\n----\n\n');
      this.emitFile({ type: 'asset', fileName, source });
    },
  };
}
