// How a webhook is: whether it receives events, and why not.
import type { Webhook } from '../../../../../libs/web/api';
import { t, tEnum } from '../../texts';
import { moment } from '../../ui/time';

/** nameOf returns the description of a webhook, or the host of its address. */
export const nameOf = ({ description, url }: Webhook) => description || new URL(url).host;

/** StateChip says in a word how a webhook is. */
export function StateChip({ enabled, failingSince }: Webhook) {
  if (!enabled) return <span className="chip waiting">{t('webhookPaused')}</span>;
  if (failingSince) return <span className="chip failed">{t('webhookFailing')}</span>;
  return <span className="chip">{t('webhookActive')}</span>;
}

/** StateText explains it. */
export function StateText({ disabledReason, failingSince, deliveredAt }: Webhook) {
  if (disabledReason) return tEnum('webhookDisabled', disabledReason);
  if (failingSince) return t('failingSince', { time: moment(failingSince) });
  return deliveredAt ? t('deliveredLast', { time: moment(deliveredAt) }) : t('neverDelivered');
}
