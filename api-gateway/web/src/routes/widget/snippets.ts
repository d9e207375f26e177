// The code that puts the widget into a page, for each kind of page.
import type { Key } from '../../texts';

/** Snippet is code, and where it goes. */
export interface Snippet {
  name: string;
  hint: Key;
  code: string;
}

/** snippetsFor returns the code with a server's address and a website's client token in it. */
export function snippetsFor(server: string, token: string): Snippet[] {
  const address = `${server}/widget/${token}`;
  const tag = `<script async src="${address}"></script>`;
  const loading = `const script = document.createElement('script');
script.src = '${address}';
document.head.append(script);`;
  return [
    { name: 'HTML', hint: 'installHtml', code: tag },
    {
      name: 'WordPress',
      hint: 'installWordPress',
      code: `add_action('wp_enqueue_scripts', function () {
    wp_enqueue_script('fivechat', '${address}', [], null, ['strategy' => 'async']);
});`,
    },
    { name: 'Shopify', hint: 'installShopify', code: tag },
    { name: 'Google Tag Manager', hint: 'installTagManager', code: tag },
    {
      name: 'React, Next.js',
      hint: 'installReact',
      code: `'use client';
import { useEffect } from 'react';

export function Chat() {
  useEffect(() => {
    ${loading.replaceAll('\n', '\n    ')}
  }, []);
  return null;
}`,
    },
    {
      name: 'Vue, Nuxt',
      hint: 'installVue',
      code: `<script setup>
import { onMounted } from 'vue';

onMounted(() => {
  ${loading.replaceAll('\n', '\n  ')}
});
</script>`,
    },
  ];
}
