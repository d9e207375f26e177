// The code that puts the widget into a page, for each kind of page.
import type { Key } from '../../texts';

/** Snippet is code, and where it goes. */
export interface Snippet {
  name: string;
  hint: Key;
  code: string;
}

const loaderOf = (server: string, token: string) => `load({ server: '${server}', clientToken: '${token}' })`;

/** snippetsFor returns the code with a server's address and a website's client token in it. */
export function snippetsFor(server: string, token: string): Snippet[] {
  const address = `${server}/widget/${token}`;
  const tag = `<script async src="${address}"></script>`;
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
      code: `// npm install fivechat-widget-loader
'use client';
import { useEffect } from 'react';
import { load } from 'fivechat-widget-loader';

export function Chat() {
  useEffect(() => {
    void ${loaderOf(server, token)};
  }, []);
  return null;
}`,
    },
    {
      name: 'Vue, Nuxt',
      hint: 'installVue',
      code: `<!-- npm install fivechat-widget-loader -->
<script setup>
import { onMounted } from 'vue';
import { load } from 'fivechat-widget-loader';

onMounted(() => ${loaderOf(server, token)});
</script>`,
    },
  ];
}
