import{R as e,it as t,n,q as r,t as i,tt as a}from"./index-kmmidy1o.js";import{C as o,S as s,T as c,f as l}from"./parts-g4dij6ln.js";import{t as u}from"./settings-ltj0rowa.js";import{s as d}from"./time-bir0g7yz.js";import{t as f}from"./SettingsTabs-mfwk2vf4.js";/* empty css               */var p=c(o()),m=(e,t)=>`load({ server: '${e}', clientToken: '${t}' })`;function h(e,t){let n=`${e}/widget/${t}`,r=`<script async src="${n}"><\/script>`;return[{name:`HTML`,hint:`installHtml`,code:r},{name:`WordPress`,hint:`installWordPress`,code:`add_action('wp_enqueue_scripts', function () {
    wp_enqueue_script('fivechat', '${n}', [], null, ['strategy' => 'async']);
});`},{name:`Shopify`,hint:`installShopify`,code:r},{name:`Google Tag Manager`,hint:`installTagManager`,code:r},{name:`React, Next.js`,hint:`installReact`,code:`// npm install fivechat-widget-loader
'use client';
import { useEffect } from 'react';
import { load } from 'fivechat-widget-loader';

export function Chat() {
  useEffect(() => {
    void ${m(e,t)};
  }, []);
  return null;
}`},{name:`Vue, Nuxt`,hint:`installVue`,code:`<!-- npm install fivechat-widget-loader -->
<script setup>
import { onMounted } from 'vue';
import { load } from 'fivechat-widget-loader';

onMounted(() => ${m(e,t)});
<\/script>`}]}var g=s(),_=5e3;function v(){let{membership:o}=r(),s=e(),c=t(),[m,v]=(0,p.useState)(0),y=!!s.widgetLoadedAt;if((0,p.useEffect)(()=>{if(y)return;let e=setInterval(()=>void c.invalidateQueries({queryKey:a.website}),_);return()=>clearInterval(e)},[y]),!n(o.role))return(0,g.jsx)(i,{});let b=h(location.origin,s.clientToken),{hint:x,code:S}=b[m];return(0,g.jsxs)(`main`,{className:`page`,children:[(0,g.jsx)(`h1`,{children:l(`installation`)}),(0,g.jsx)(f,{}),(0,g.jsx)(`p`,{className:s.widgetLoadedAt?`dim`:`note`,role:`status`,children:s.widgetLoadedAt?l(`loadedSince`,{time:d(s.widgetLoadedAt)}):l(`notInstalled`)}),(0,g.jsxs)(`fieldset`,{className:`choices`,children:[(0,g.jsx)(`legend`,{children:l(`kindOfPage`)}),b.map(({name:e},t)=>(0,g.jsxs)(`label`,{className:`check`,children:[(0,g.jsx)(`input`,{type:`radio`,name:`snippet`,checked:t===m,onChange:()=>v(t)}),e]},e))]}),(0,g.jsxs)(`section`,{className:`settings`,"aria-live":`polite`,children:[(0,g.jsx)(`p`,{children:l(x)}),(0,g.jsx)(`pre`,{tabIndex:0,children:(0,g.jsx)(`code`,{id:`snippet`,children:S})}),(0,g.jsx)(`p`,{children:(0,g.jsx)(u,{text:S},S)})]})]})}export{v as Page};