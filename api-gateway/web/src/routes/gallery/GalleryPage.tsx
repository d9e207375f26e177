// The gallery: every part of the design system in its states, for contributors.
import { Inbox, Search, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../../api/client';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Form';
import { Markdown } from '../../ui/Markdown';
import { Menu, MenuChoice, MenuItem, MenuLabel } from '../../ui/Menu';
import { Keys } from '../../ui/Palette';
import { Avatar, Empty, Failure, IconButton, Skeleton } from '../../ui/parts';
import { Secret } from '../../ui/settings';
import { useToasts } from '../../ui/toasts';
import { PickList, type Pick } from '../inbox/Picker';
import '../inbox/inbox.css';
import '../tickets/tickets.css';
import './gallery.css';

const colours = [
  'bg',
  'side',
  'soft',
  'hover',
  'fg',
  'dim',
  'edge',
  'field',
  'accent',
  'own',
  'selected',
  'link',
  'error',
  'warn',
  'on',
  'mark',
];
const sizes = ['xs', 's', 'm', 'l', 'xl', '2xl'];
const names = ['Ada', 'Ben', 'Cleo', 'Dana', 'Emil', 'Finn', 'Gro', 'Hana', 'Ida', 'Jon', 'Kim', 'Lea'];

const picks: Pick[] = [
  { key: 'a', title: 'Greeting', hint: '/hello', preview: 'Hello Vera!', isMacro: false },
  { key: 'b', title: 'Refund', hint: 'Macro', preview: 'Dear Vera, we refund it.', isMacro: true },
];

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="part">
      <h2>{name}</h2>
      <div className="samples">{children}</div>
    </section>
  );
}

export function Page() {
  const toasts = useToasts();
  const [dialog, setDialog] = useState<'middle' | 'drawer' | ''>('');
  const [choice, setChoice] = useState('one');
  const [picked, setPicked] = useState(0);
  return (
    <main className="page gallery">
      <h1>Gallery</h1>
      <p className="dim">Design tokens and components. The sources are in api-gateway/web/src/ui.</p>
      <Part name="Colours">
        {colours.map((c) => (
          <span key={c} className="swatch">
            <i className={'c-' + c} />
            <code>--{c}</code>
          </span>
        ))}
      </Part>
      <Part name="Type">
        {sizes.map((s) => (
          <span key={s} className={'t-' + s}>
            --text-{s}
          </span>
        ))}
      </Part>
      <Part name="Buttons">
        <button className="primary">Primary</button>
        <button className="button">Button</button>
        <button className="button" disabled>
          Disabled
        </button>
        <button className="link">Link</button>
        <IconButton icon={Search} label="Search" />
        <Keys keys="g i" />
      </Part>
      <Part name="Fields">
        <input aria-label="Text" placeholder="Text" />
        <select aria-label="Choice">
          <option>One</option>
          <option>Two</option>
        </select>
        <label className="check">
          <input type="checkbox" defaultChecked /> Check
        </label>
        <span className="error">What is wrong with a field</span>
      </Part>
      <Part name="Marks">
        <span className="badge">3</span>
        <span className="chip">Tag</span>
        <span className="chip waiting">Waiting 5m</span>
        <span className="pill HIGH">High</span>
        <span className="pill">Open</span>
        <mark>found</mark>
      </Part>
      <Part name="Avatars">
        {names.map((name, i) => (
          <Avatar key={name} name={name} status={(['online', 'away', 'offline'] as const)[i % 3]} />
        ))}
      </Part>
      <Part name="Menu and dialogs">
        <Menu trigger={<button className="button">Menu</button>}>
          <MenuLabel>Label</MenuLabel>
          <MenuItem icon={X} choose={() => toasts.done('Chosen')}>
            Item
          </MenuItem>
          <MenuChoice
            value={choice}
            change={setChoice}
            options={[
              { value: 'one', text: 'One' },
              { value: 'two', text: 'Two' },
            ]}
          />
        </Menu>
        <button className="button" onClick={() => setDialog('middle')}>
          Dialog
        </button>
        <button className="button" onClick={() => setDialog('drawer')}>
          Drawer
        </button>
        <button className="button" onClick={() => toasts.done('Closed.', () => toasts.done('Reopened.'))}>
          Notice
        </button>
        <button className="button" onClick={() => toasts.fail(new ApiError(409, '', 'The tag is in use.'))}>
          Error
        </button>
        <Dialog title="Dialog" isOpen={dialog !== ''} close={() => setDialog('')} kind={dialog || 'middle'}>
          <p>Content</p>
        </Dialog>
      </Part>
      <Part name="States">
        <div className="state-box">
          <Empty icon={Inbox}>Empty</Empty>
        </div>
        <div className="state-box">
          <Skeleton rows={3} />
        </div>
        <div className="state-box">
          <Failure error={new ApiError(503, '', 'away')} retry={() => {}} />
        </div>
      </Part>
      <Part name="Messages">
        <div className="log">
          <div className="message theirs">
            <Markdown text={'Is the **atlas** in stock?\n\n- hardcover\n- `NS-27`'} />
          </div>
          <div className="message own">
            <Markdown text="Yes, two copies: https://shop.example/atlas" />
          </div>
        </div>
      </Part>
      <Part name="Picker of canned replies and macros">
        <div className="picker-box">
          <PickList id="picks" picks={picks} at={picked} choose={setPicked} />
        </div>
      </Part>
      <Part name="Field of a form">
        <Field label="Shortcut" hint="Letters a to z, digits and hyphens">
          {(a) => <input defaultValue="hello" {...a} />}
        </Field>
        <Field label="Text" problem='has the unknown variable "x" at character 1'>
          {(a) => <input defaultValue="{{x}}" {...a} />}
        </Field>
      </Part>
      <Part name="Secret">
        <Secret label="Copy it now." text="5c_example" />
      </Part>
    </main>
  );
}
