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
