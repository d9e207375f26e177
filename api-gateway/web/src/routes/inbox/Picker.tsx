// The picker of canned replies and macros: `/` in an empty reply, or after a blank line, opens it.
import { MessageSquareText, Zap } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { CannedReply, Macro } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useRow } from '../../api/hooks';
import { useSession } from '../../api/session';
import { render, useMacros, useReplies, useValues } from '../../api/workspace';
import { t } from '../../texts';
import { useApply } from './macros';
import { begunPick, insert } from './picking';
import './picker.css';

const maxShown = 50;

/** Pick is one choice of the picker. */
export interface Pick {
  key: string;
  title: string;
  hint: string;
  preview: string;
  isMacro: boolean;
}

interface ListProps {
  id: string;
  picks: readonly Pick[];
  at: number;
  choose: (index: number) => void;
}

/** PickList shows the choices, and the text of the current one. */
export function PickList({ id, picks, at, choose }: ListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return (
    <div className="picker">
      <ul id={id} ref={list} role="listbox" aria-label={t('pickReply')}>
        {picks.map((pick, i) => (
          <li
            key={pick.key}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onPointerDown={(e) => {
              e.preventDefault(); // the field keeps the focus
              choose(i);
            }}
          >
            {pick.isMacro ? <Zap aria-hidden="true" /> : <MessageSquareText aria-hidden="true" />}
            <span dir="auto">{pick.title}</span>
            <small>{pick.hint}</small>
          </li>
        ))}
      </ul>
      <p className="picked" aria-live="polite" dir="auto">
        {picks[at]?.preview}
      </p>
    </div>
  );
}

interface Picker {
  list: ReactNode;
  /** field has the attributes of the field. */
  field: Record<string, string | undefined>;
  /** track notes where the caret is after a change of the text. */
  track: (caret: number) => void;
  /** onKeyDown reports whether the picker has used the key. */
  onKeyDown: (e: KeyboardEvent) => boolean;
}

/** usePicker adds the picker to a field with a text. write replaces the text, and sets the caret. */
export function usePicker(token: string, text: string, write: (text: string, caret: number) => void): Picker {
  const { api } = useSession();
  const id = useId();
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [dismissed, setDismissed] = useState('');
  const begun = text === dismissed ? null : begunPick(text, Math.min(caret, text.length));
  const replies = useReplies(begun?.search ?? '', !!begun);
  const macros = useMacros();
  const values = useValues(useRow(token));
  const apply = useApply(token);
  const wanted = begun?.search.toLocaleLowerCase() ?? '';
  const found: (CannedReply | Macro)[] = begun
    ? [...replies, ...macros.filter((m) => m.name.toLocaleLowerCase().includes(wanted))].slice(0, maxShown)
    : [];
  const picks = found.map((item) => pickOf(item, values));
  const choose = (index: number) => {
    const item = found[index];
    if (!begun || !item) return;
    const isMacro = 'actions' in item;
    const [next, position] = insert(text, begun, isMacro ? '' : render(item.text, values));
    setAt(0);
    setDismissed(next); // also if it begins with a slash
    write(next, position);
    if (isMacro) {
      apply(item);
      return;
    }
    api.call('POST', path`/canned-replies/${item.id}/use`, {}).catch(() => {
      /* the text is inserted; only the count of uses is lower */
    });
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!picks.length || e.nativeEvent.isComposing) return false;
    if (step) setAt((at + step + picks.length) % picks.length);
    else if (e.key === 'Enter' || e.key === 'Tab') choose(at);
    else if (e.key === 'Escape') setDismissed(text);
    else return false;
    e.preventDefault();
    e.stopPropagation();
    return true;
  };
  const track = (position: number) => {
    setCaret(position);
    setAt(0);
    setDismissed('');
  };
  return {
    list: picks.length > 0 && <PickList id={id} picks={picks} at={at} choose={choose} />,
    field: {
      'aria-autocomplete': 'list',
      'aria-controls': picks.length ? id : undefined,
      'aria-activedescendant': picks.length ? `${id}-${at}` : undefined,
    },
    track,
    onKeyDown,
  };
}

function pickOf(item: CannedReply | Macro, values: Record<string, string>): Pick {
  if ('actions' in item) {
    const preview = item.actions.reply ? render(item.actions.reply, values) : t('macroChanges');
    return { key: `macro ${item.id}`, title: item.name, hint: t('macro'), preview, isMacro: true };
  }
  const preview = render(item.text, values);
  return { key: `reply ${item.id}`, title: item.title, hint: '/' + item.shortcut, preview, isMacro: false };
}
