// The form with the settings of the widget, in groups. What the server refuses is shown at the setting.
import type { ReactNode } from 'react';
import type { Widget } from '../../../../../libs/web/api';
import { t, type Key } from '../../texts';
import { Field } from '../../ui/Form';
import { defaultHours, Hours, Messages, Questions } from './lists';
import {
  adviceOn,
  colourPattern,
  isColour,
  jsonOfMessages,
  jsonOfQuestions,
  messagesOf,
  pickerValue,
  questionsOf,
  type Member,
} from './settings';

interface FormProps {
  widget: Widget;
  change: (members: Partial<Widget>) => void;
  /** problemOf is what the server refused of a setting, or ''. */
  problemOf: (name: Member) => string;
}

type ColourMember = 'color' | 'buttonBgColor' | 'buttonTextColor' | 'bubbleColor' | 'bubbleTextColor';
type SwitchMember = 'chatEnabled' | 'ratingEnabled' | 'reopen' | 'removeBranding';
type TextMember = 'logoUrl' | 'launcherIconUrl' | 'buttonClass' | 'chatClass' | 'chatTitleClass' | 'chatInputClass';

/** labels are the names of the settings. */
export const labels: Record<Member, Key> = {
  color: 'colourMain',
  buttonBgColor: 'colourButton',
  buttonTextColor: 'colourButtonText',
  bubbleColor: 'colourBubble',
  bubbleTextColor: 'colourBubbleText',
  theme: 'theme',
  logoUrl: 'logo',
  launcherIconUrl: 'launcherIcon',
  buttonXPos: 'fromSide',
  buttonYPos: 'fromBottom',
  welcomeMessages: 'greetings',
  awayMessages: 'awayTexts',
  chatFormFields: 'questions',
  businessHours: 'businessHours',
  quietHours: 'quietHours',
  notices: 'notices',
  chatEnabled: 'chatEnabled',
  ratingEnabled: 'ratingEnabled',
  reopen: 'reopenEnabled',
  removeBranding: 'removeBranding',
  pageParameters: 'pageParameters',
  buttonClass: 'classButton',
  chatClass: 'classChat',
  chatTitleClass: 'classTitle',
  chatInputClass: 'classInput',
};

function Group({ title, isOpen = false, children }: { title: Key; isOpen?: boolean; children: ReactNode }) {
  return (
    <details open={isOpen}>
      <summary>{t(title)}</summary>
      <div className="stack">{children}</div>
    </details>
  );
}

interface ColourProps extends FormProps {
  name: ColourMember;
  /** background is what a text is on. Without it, the colour is no text's. */
  background?: ColourMember;
}

function Colour({ name, background, widget, change, problemOf }: ColourProps) {
  const advice = background && adviceOn(widget[name], widget[background]);
  const hint = advice
    ? advice.instead
      ? t('contrastLow', { contrast: advice.contrast, instead: t(advice.instead) })
      : t('contrastGood', { contrast: advice.contrast })
    : '';
  const problem = problemOf(name) || (isColour(widget[name]) ? '' : t('colourForm'));
  return (
    <div className={advice?.instead ? 'colour low' : 'colour'}>
      <Field label={t(labels[name])} problem={problem} hint={hint}>
        {(a) => (
          <input
            name={name}
            required
            pattern={colourPattern.source}
            title={t('colourForm')} // the browser adds it to its own refusal
            value={widget[name]}
            onChange={(e) => change({ [name]: e.target.value })}
            {...a}
          />
        )}
      </Field>
      <input
        type="color"
        aria-label={t('pickColour', { name: t(labels[name]) })}
        value={pickerValue(widget[name])}
        onChange={(e) => change({ [name]: e.target.value })}
      />
    </div>
  );
}

function Switch({ name, widget, change }: FormProps & { name: SwitchMember }) {
  return (
    <label className="check">
      <input
        type="checkbox"
        name={name}
        checked={widget[name]}
        onChange={(e) => change({ [name]: e.target.checked })}
      />
      {t(labels[name])}
    </label>
  );
}

interface TextProps extends FormProps {
  name: TextMember;
  type?: string;
  pattern?: string;
  maxLength: number;
}

function Text({ name, widget, change, problemOf, ...attributes }: TextProps) {
  return (
    <Field label={t(labels[name])} problem={problemOf(name)}>
      {(a) => (
        <input
          name={name}
          value={widget[name]}
          onChange={(e) => change({ [name]: e.target.value })}
          {...attributes}
          {...a}
        />
      )}
    </Field>
  );
}

function Look(props: FormProps) {
  const { widget, change, problemOf } = props;
  return (
    <Group title="look" isOpen>
      <div className="pairs">
        <Colour {...props} name="color" />
        <Colour {...props} name="buttonBgColor" />
        <Colour {...props} name="buttonTextColor" background="buttonBgColor" />
        <Colour {...props} name="bubbleColor" />
        <Colour {...props} name="bubbleTextColor" background="bubbleColor" />
        <Field label={t('theme')} problem={problemOf('theme')}>
          {(a) => (
            <select
              name="theme"
              value={widget.theme}
              onChange={(e) => change({ theme: e.target.value as Widget['theme'] })}
              {...a}
            >
              <option value="auto">{t('themeVisitor')}</option>
              <option value="light">{t('themeLight')}</option>
              <option value="dark">{t('themeDark')}</option>
            </select>
          )}
        </Field>
        {(['buttonXPos', 'buttonYPos'] as const).map((name) => (
          <Field key={name} label={t(labels[name])} problem={problemOf(name)}>
            {(a) => (
              <input
                name={name}
                type="number"
                min={-10000}
                max={10000}
                required
                value={widget[name]}
                onChange={(e) => change({ [name]: e.target.valueAsNumber || 0 })}
                {...a}
              />
            )}
          </Field>
        ))}
      </div>
      <Text {...props} name="logoUrl" type="url" pattern="https://.+" maxLength={2048} />
      <Text {...props} name="launcherIconUrl" type="url" pattern="https://.+" maxLength={2048} />
      <Switch {...props} name="removeBranding" />
    </Group>
  );
}

function Problem({ text }: { text: string }) {
  return text ? (
    <small className="error" role="alert">
      {text}
    </small>
  ) : null;
}

function Texts({ widget, change, problemOf }: FormProps) {
  return (
    <>
      <Group title="greetings" isOpen>
        <p className="dim">{t('greetingsHint')}</p>
        <Messages
          rows={messagesOf(widget.welcomeMessages)}
          change={(rows) => change({ welcomeMessages: jsonOfMessages(rows) })}
        />
        <Problem text={problemOf('welcomeMessages')} />
      </Group>
      <Group title="questions">
        <p className="dim">{t('questionsHint')}</p>
        <Questions
          rows={questionsOf(widget.chatFormFields)}
          change={(rows) => change({ chatFormFields: jsonOfQuestions(rows) })}
        />
        <Problem text={problemOf('chatFormFields')} />
      </Group>
    </>
  );
}

function Times({ widget, change, problemOf }: FormProps) {
  const { businessHours, quietHours } = widget;
  return (
    <Group title="businessHours">
      <label className="check">
        <input
          type="checkbox"
          name="businessHours"
          checked={!!businessHours}
          onChange={(e) => change({ businessHours: e.target.checked ? defaultHours() : null })}
        />
        {t('hasBusinessHours')}
      </label>
      {businessHours && <Hours hours={businessHours} change={(hours) => change({ businessHours: hours })} />}
      <Problem text={problemOf('businessHours')} />
      <h3>{t('awayTexts')}</h3>
      <p className="dim">{t('awayTextsHint')}</p>
      <Messages
        rows={messagesOf(widget.awayMessages)}
        change={(rows) => change({ awayMessages: jsonOfMessages(rows) })}
      />
      <Problem text={problemOf('awayMessages')} />
      <label className="check">
        <input
          type="checkbox"
          name="quietHours"
          checked={!!quietHours}
          onChange={(e) => change({ quietHours: e.target.checked ? { from: '22:00', to: '08:00' } : null })}
        />
        {t('hasQuietHours')}
      </label>
      {quietHours && (
        <div className="line">
          {(['from', 'to'] as const).map((end) => (
            <input
              key={end}
              type="time"
              aria-label={t(end)}
              required
              value={quietHours[end]}
              onChange={(e) => change({ quietHours: { ...quietHours, [end]: e.target.value } })}
            />
          ))}
        </div>
      )}
      <Problem text={problemOf('quietHours')} />
    </Group>
  );
}

const notices = { badge: 'noticeBadge', title: 'noticeTitle', preview: 'noticePreview', sound: 'noticeSound' } as const;

function Behaviour(props: FormProps) {
  const { widget, change, problemOf } = props;
  const toggle = (name: keyof typeof notices, isOn: boolean) =>
    change({ notices: isOn ? [...widget.notices, name] : widget.notices.filter((n) => n !== name) });
  return (
    <Group title="behaviour">
      <Switch {...props} name="chatEnabled" />
      <Switch {...props} name="ratingEnabled" />
      <Switch {...props} name="reopen" />
      <fieldset>
        <legend>{t('notices')}</legend>
        {(Object.keys(notices) as (keyof typeof notices)[]).map((name) => (
          <label key={name} className="check">
            <input
              type="checkbox"
              checked={widget.notices.includes(name)}
              onChange={(e) => toggle(name, e.target.checked)}
            />
            {t(notices[name])}
          </label>
        ))}
      </fieldset>
      <Field
        label={t('pageParameters')}
        problem={problemOf('pageParameters')}
        hint={t('pageParametersHint') + ' ' + t('commasHint')}
      >
        {(a) => (
          <input
            name="pageParameters"
            defaultValue={widget.pageParameters.join(', ')}
            onChange={(e) => change({ pageParameters: e.target.value.split(/[\s,]+/).filter(Boolean) })}
            {...a}
          />
        )}
      </Field>
    </Group>
  );
}

/** WidgetForm edits all settings. */
export function WidgetForm(props: FormProps) {
  return (
    <>
      <Look {...props} />
      <Texts {...props} />
      <Times {...props} />
      <Behaviour {...props} />
      <Group title="classes">
        <p className="dim">{t('classesHint')}</p>
        {(['buttonClass', 'chatClass', 'chatTitleClass', 'chatInputClass'] as const).map((name) => (
          <Text key={name} {...props} name={name} pattern="[A-Za-z0-9_:/. \-]*" maxLength={256} />
        ))}
      </Group>
    </>
  );
}
