// An application that loads the widget from its bundle. The page states the server, the token and the nonce.
import { fivechat, load, type Options } from '../../../../libs/widget-loader/src/index';

const options = (window as unknown as { options: Options }).options;
fivechat('identify', { name: 'Vera' });
fivechat('on', 'open', () => document.documentElement.setAttribute('data-opened', ''));
for (const _ of [1, 2]) load(options).then(() => fivechat('open'), console.error);
