// The command palette (Ctrl+K) and the list of keys (?).
import { useEffect, useId, useRef, useState } from 'react';
import { t } from '../texts';
import { useRegistry, type Command } from './commands';
import { Dialog } from './Dialog';
import { Kbd } from './parts';

export const Keys = ({ keys }: { keys: string }) => (
  <span className="keys">
    {keys.split(' ').map((key, i) => (
      <Kbd key={i}>{key}</Kbd>
    ))}
  </span>
);

const fold = (text: string) => text.toLocaleLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

/** matching returns the commands that have all words of a text in their label. */
export function matching(commands: Command[], text: string): Command[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  return commands.filter((c) => !c.isHidden && words.every((w) => fold(c.label).includes(w)));
}

export function Palette({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog title={t('palette')} isOpen={isOpen} close={close} kind="palette" hasHead={false}>
      <PaletteBody close={close} />
    </Dialog>
  );
}

function PaletteBody({ close }: { close: () => void }) {
  const registry = useRegistry();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const found = matching(registry.all(), text);
  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    setTimeout(command.run); // after the dialog has given the focus back
  };
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const onKeyDown = (e: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) {
      e.preventDefault();
      setAt((at + step + found.length) % Math.max(1, found.length));
    }
    if (e.key === 'Enter') {
      e.preventDefault();
      run(found[at]);
    }
  };
  return (
    <>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found[at] && `${id}-${at}`}
        aria-label={t('palette')}
        placeholder={t('paletteHint')}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoFocus
      />
      <ul id={id} ref={list} role="listbox" aria-label={t('palette')} className="palette-list">
        {found.map((c, i) => (
          <li
            key={c.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onPointerMove={() => setAt(i)}
            onClick={() => run(c)}
          >
            <span>{c.label}</span>
            {c.keys && <Keys keys={c.keys} />}
          </li>
        ))}
      </ul>
      {!found.length && <p className="dim centre">{t('noneFound')}</p>}
    </>
  );
}

export function KeyHelp({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  const registry = useRegistry();
  return (
    <Dialog title={t('shortcuts')} isOpen={isOpen} close={close}>
      <dl className="key-list" tabIndex={0}>
        <div>
          <dt>{t('palette')}</dt>
          <dd>
            <Keys keys={(/Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl') + ' K'} />
          </dd>
        </div>
        {isOpen &&
          registry
            .all()
            .filter((c) => c.keys)
            .map((c) => (
              <div key={c.id}>
                <dt>{c.label}</dt>
                <dd>
                  <Keys keys={c.keys!} />
                </dd>
              </div>
            ))}
      </dl>
    </Dialog>
  );
}
