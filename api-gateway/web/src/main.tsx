// The entry point of the agents' console.
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './router';
import { arrive, followOldAddresses } from './routes/arrival';
import { language, loadTexts } from './texts';
import { applyTheme } from './ui/theme';
import './ui/tokens.css';
import './ui/base.css';

const reloadedKey = 'fivechat:console:reloaded'; // when the page was loaded again for a missing file
const reloadPause = 60_000; // milliseconds

// A file of the build is missing after a newer version was installed: the page is loaded again, once.
addEventListener('vite:preloadError', (e) => {
  if (Date.now() - Number(sessionStorage.getItem(reloadedKey)) < reloadPause) return;
  e.preventDefault();
  sessionStorage.setItem(reloadedKey, String(Date.now()));
  location.reload();
});

async function start() {
  applyTheme();
  document.documentElement.lang = language;
  arrive();
  await loadTexts();
  followOldAddresses((to) => router.history.push(to));
  createRoot(document.getElementById('app')!).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  );
}

void start();
