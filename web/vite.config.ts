import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Host of `npm run dev`; a build uses the host that serves it.
const host = process.env['EAF_URL'] ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': host, '/auth': host, '/docs': host } },
  build: {
    // Browsers that support light-dark(), which the tokens use.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    manifest: true,
    // The content security policy forbids data: URLs for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Shared code is one file: many small ones compress worse, and each needs a request.
    chunkSizeWarningLimit: 1000, // kB, uncompressed; `npm run size` checks the budget
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'initial', tags: ['$initial'] }] } },
    },
  },
  // One environment for all files, because creating one takes longer than the tests.
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    setupFiles: ['src/test-setup.ts'],
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
  },
});
