import{St as e,X as t,c as n,f as r,st as i,yt as a}from"./index-f5gyztff.js";import{g as o,m as s,p as c,r as l}from"./texts-e4833le7.js";import{t as u}from"./settings-e7u5g68g.js";import{u as d}from"./time-mk98ryzu.js";import{t as f}from"./SettingsTabs-haedc3nl.js";/* empty css               */var p=o(s());function m(e,t){let n=`${e}/widget/${t}`,r=`<script async src="${n}"><\/script>`,i=`const script = document.createElement('script');
script.src = '${n}';
document.head.append(script);`;return[{name:`HTML`,hint:`installHtml`,code:r},{name:`WordPress`,hint:`installWordPress`,code:`add_action('wp_enqueue_scripts', function () {
    wp_enqueue_script('fivechat', '${n}', [], null, ['strategy' => 'async']);
});`},{name:`Shopify`,hint:`installShopify`,code:r},{name:`Google Tag Manager`,hint:`installTagManager`,code:r},{name:`React, Next.js`,hint:`installReact`,code:`'use client';
import { useEffect } from 'react';

export function Chat() {
  useEffect(() => {
    ${i.replaceAll(`
`,`
    `)}
  }, []);
  return null;
}`},{name:`Vue, Nuxt`,hint:`installVue`,code:`<script setup>
import { onMounted } from 'vue';

onMounted(() => {
  ${i.replaceAll(`
`,`
  `)}
});
<\/script>`}]}var h=c(),g=5e3;function _(){let{membership:o}=i(),s=t(),c=e(),[_,v]=(0,p.useState)(0),y=!!s.widgetLoadedAt;if((0,p.useEffect)(()=>{if(y)return;let e=setInterval(()=>void c.invalidateQueries({queryKey:a.website}),g);return()=>clearInterval(e)},[y]),!r(o.role))return(0,h.jsx)(n,{});let b=m(location.origin,s.clientToken),{hint:x,code:S}=b[_];return(0,h.jsxs)(`main`,{className:`page`,children:[(0,h.jsx)(`h1`,{children:l(`installation`)}),(0,h.jsx)(f,{}),(0,h.jsx)(`p`,{className:s.widgetLoadedAt?`dim`:`note`,role:`status`,children:s.widgetLoadedAt?l(`loadedSince`,{time:d(s.widgetLoadedAt)}):l(`notInstalled`)}),(0,h.jsxs)(`fieldset`,{className:`choices`,children:[(0,h.jsx)(`legend`,{children:l(`kindOfPage`)}),b.map(({name:e},t)=>(0,h.jsxs)(`label`,{className:`check`,children:[(0,h.jsx)(`input`,{type:`radio`,name:`snippet`,checked:t===_,onChange:()=>v(t)}),e]},e))]}),(0,h.jsxs)(`section`,{className:`settings`,"aria-live":`polite`,children:[(0,h.jsx)(`p`,{children:l(x)}),(0,h.jsx)(`pre`,{tabIndex:0,children:(0,h.jsx)(`code`,{id:`snippet`,children:S})}),(0,h.jsx)(`p`,{children:(0,h.jsx)(u,{text:S},S)})]})]})}export{_ as Page};