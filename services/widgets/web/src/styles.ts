// An 8-pixel grid, system fonts, one accent. Nothing of the page's own style reaches in, and nothing of this out.
export const css = `
:host{all:initial;position:fixed;inset-inline-end:var(--x);bottom:var(--y);z-index:2147483000;color-scheme:light dark;--bg:#fff;--fg:#16181d;--soft:#f1f3f6;--dim:#5b6270;--edge:#dfe3ea;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
@media(prefers-color-scheme:dark){:host{--bg:#16181d;--fg:#eef0f4;--soft:#262a32;--dim:#a3abb9;--edge:#343a45}}
*{box-sizing:border-box;font:inherit;margin:0}
[hidden]{display:none!important}
button{border:0;cursor:pointer;background:none;color:inherit;padding:0}
:focus-visible{outline:2px solid var(--ring);outline-offset:2px}
.launcher{position:relative;width:56px;height:56px;border-radius:50%;background:var(--button);color:var(--button-text);box-shadow:0 2px 8px #0003,0 8px 24px #0003;display:grid;place-items:center;transition:transform .15s}
.launcher:hover{transform:scale(1.05)}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.badge{position:absolute;top:-2px;inset-inline-end:-2px;min-width:20px;height:20px;padding:0 6px;border-radius:10px;background:#c81e3a;color:#fff;font-size:12px;font-weight:600;line-height:20px;text-align:center}
.panel{position:absolute;inset-inline-end:0;bottom:72px;width:376px;max-width:calc(100vw - 32px);height:600px;max-height:calc(100vh - 120px);display:flex;flex-direction:column;background:var(--bg);color:var(--fg);border-radius:16px;overflow:hidden;box-shadow:0 0 0 1px var(--edge),0 16px 48px #0004;animation:in .16s ease-out}
@keyframes in{from{opacity:0;transform:translateY(8px)}}
header{display:flex;align-items:center;gap:8px;padding:12px 8px 12px 16px;background:var(--color);color:var(--color-text)}
:host([dir=rtl]) header{padding:12px 16px 12px 8px}
h2{flex:1;font-size:16px;font-weight:600;overflow-wrap:anywhere}
.icon{width:40px;height:40px;border-radius:8px;display:grid;place-items:center}
.icon svg{width:20px;height:20px}
header :focus-visible{outline-color:currentColor}
.log{flex:1;overflow-y:auto;overscroll-behavior:contain;padding:16px;display:flex;flex-direction:column;gap:4px}
.log:focus-visible{outline-offset:-2px}
.who{font-size:12px;color:var(--dim);margin:8px 4px 0}
.line{max-width:85%;padding:8px 12px;border-radius:16px;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);align-self:flex-start;border-start-start-radius:4px;text-align:start;unicode-bidi:isolate}
.VISITOR{align-self:flex-end;background:var(--bubble);color:var(--bubble-text);border-start-start-radius:16px;border-end-end-radius:4px}
.SYSTEM{align-self:center;background:none;color:var(--dim);font-size:13px;text-align:center}
.sending{opacity:.7}
.state{align-self:flex-end;font-size:12px;color:var(--dim);margin:0 4px;min-height:17px}
.failed{color:#b3142f;text-decoration:underline;min-height:24px}
.typing{font-size:13px;color:var(--dim);padding:0 20px 8px;min-height:28px}
.note{padding:8px 16px;font-size:13px;background:var(--soft);display:flex;gap:8px;align-items:center}
.note span{flex:1}
.link{color:var(--link);text-decoration:underline;min-height:24px}
.row{display:flex;gap:8px;padding:8px;border-top:1px solid var(--edge);align-items:flex-end}
textarea,input{width:100%;padding:8px 12px;border:1px solid var(--field);border-radius:8px;background:var(--bg);color:var(--fg);font-size:16px}
:host{--field:#80889a}
textarea:focus-visible,input:focus-visible{outline-offset:-1px}
.row textarea{flex:1;resize:none;height:42px;max-height:128px;border-radius:16px}
:host([dir=rtl]) textarea:placeholder-shown{direction:rtl}
::placeholder{color:var(--dim);opacity:1}
.send{width:42px;height:42px;border-radius:50%;background:var(--color);color:var(--color-text);display:grid;place-items:center;flex:none}
:host([dir=rtl]) .send svg{transform:scaleX(-1)}
.send svg{width:20px;height:20px}
.form{padding:16px;display:flex;flex-direction:column;gap:16px;overflow-y:auto;flex:1}
label{display:flex;flex-direction:column;gap:4px;font-size:14px;font-weight:500}
.form textarea{min-height:96px;resize:vertical}
.primary{padding:10px 16px;border-radius:8px;background:var(--color);color:var(--color-text);font-weight:600}
.end{padding:16px;border-top:1px solid var(--edge);display:flex;flex-direction:column;gap:12px;align-items:center;text-align:center}
.stars{display:flex;gap:4px;border:0;padding:0}
.star{width:40px;height:40px;border-radius:8px;font-size:26px;line-height:40px;color:var(--field)}
.star.on{color:var(--star)}
:host{--star:#b45309}
@media(prefers-color-scheme:dark){:host{--star:#fbbf24}.failed{color:#ff8fa0}}
.error{color:#b3142f;font-size:13px}
.brand{padding:4px;text-align:center;font-size:11px;color:var(--dim)}
@media(max-width:480px){.panel{position:fixed;inset:0;width:auto;max-width:none;height:100dvh;max-height:none;border-radius:0;padding-bottom:env(safe-area-inset-bottom)}header{padding-top:calc(12px + env(safe-area-inset-top))}:host([open]) .launcher{display:none}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media(forced-colors:active){.launcher,.panel,.line,.send,.primary{border:1px solid}}
`;
