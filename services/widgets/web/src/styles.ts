// The style sheets of the panel's script: those of the panel and of the preview share rules.
import earlierCss from '../build/earlier.css';
import filesCss from '../build/files.css';
import logCss from '../build/log.css';
import noticesCss from '../build/notices.css';
import panelCss from '../build/panel.css';
import type { Host } from './host';

const styled = new WeakSet<Host>();

export function addStyles(host: Host) {
  if (styled.has(host)) return;
  styled.add(host);
  host.addStyles(panelCss + logCss + filesCss + noticesCss + earlierCss);
}
