// A page that React hydrates as a whole. Its text differs from that of the server, so React renders the page again.
import { createElement as h, useEffect } from 'react';
import { hydrateRoot } from 'react-dom/client';

function Page() {
  useEffect(() => document.documentElement.setAttribute('data-hydrated', ''));
  return h('html', { lang: 'en' }, h('head', null, h('title', null, 'Shop')), h('body', null, h('h1', null, 'client')));
}

hydrateRoot(document, h(Page), { onRecoverableError: () => {} });
