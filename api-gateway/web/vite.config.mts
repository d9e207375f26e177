// The build of the console: one entry, a file for each page, and names with a hash of the content.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { licences } from './licences.mts';

export default defineConfig({
  base: '/console/',
  plugins: [react(), licences('licences.txt')],
  build: {
    target: 'es2022',
    outDir: '../internal/pages/console',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy allows no fonts or scripts from data addresses
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        hashCharacters: 'base36', // a name that begins with _ or . wouldn't be embedded
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  test: { setupFiles: ['src/setup.ts'] },
  server: { proxy: { '^/(?!console)': 'http://127.0.0.1:8080' } },
});
