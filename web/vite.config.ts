import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The host that `npm run dev` talks to; what is built talks to the host that serves it.
const host = process.env['EAF_URL'] ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': host, '/auth': host, '/docs': host } },
  build: {
    // Browsers that know light-dark(): the tokens are written with it.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    manifest: true,
    // The content security policy has no room for data: fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every page needs is one file: many small ones compress worse, and each costs a request.
    chunkSizeWarningLimit: 1000, // in kB, uncompressed; `npm run size` holds the budget
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'initial', tags: ['$initial'] }] } },
    },
  },
  // One browser for all files: to make one takes longer than the tests do.
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    setupFiles: ['src/test-setup.ts'],
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
  },
});
