// The menu that chooses a time: four choices, and a dialog for any other.
import { AlarmClock, CalendarClock } from 'lucide-react';
import { useState, type FormEvent, type ReactElement, type ReactNode } from 'react';
import { t, type Key } from '../../texts';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Form';
import { Menu, MenuItem, MenuLabel } from '../../ui/Menu';
import { fieldTime, snoozeTimes, timeProblem, type SnoozeTime } from './snooze';

/** snoozeLabels are the texts of the choices that snooze a conversation. */
export const snoozeLabels: Record<SnoozeTime['id'], Key> = {
  hour: 'snoozeHour',
  hours: 'snoozeHours',
  tomorrow: 'snoozeTomorrow',
  week: 'snoozeWeek',
};

interface TimeMenuProps {
  title: string;
  labels: Record<SnoozeTime['id'], Key>;
  /** choose gets a time that the server allows, by the browser's clock. */
  choose: (until: Date) => void;
  trigger: ReactElement;
  side?: 'top' | 'bottom';
  /** focusAfter is the id of the element that has the focus after the dialog. */
  focusAfter: string;
}

/** TimeMenu is a menu that has only times. */
export function TimeMenu({ title, labels, choose, trigger, side, focusAfter }: TimeMenuProps) {
  const [isPicking, setPicking] = useState(false);
  return (
    <>
      <Menu side={side} align="end" trigger={trigger}>
        <TimeItems title={title} labels={labels} choose={choose} pick={() => setPicking(true)} />
      </Menu>
      {isPicking && <AnyTime title={title} choose={choose} close={() => setPicking(false)} focusAfter={focusAfter} />}
    </>
  );
}

interface TimeItemsProps extends Pick<TimeMenuProps, 'title' | 'labels' | 'choose'> {
  /** pick opens the dialog for any other time, which must be outside the menu. */
  pick: () => void;
}

/** TimeItems are the entries of a menu that choose a time. */
export function TimeItems({ title, labels, choose, pick }: TimeItemsProps): ReactNode {
  return (
    <>
      <MenuLabel>{title}</MenuLabel>
      {snoozeTimes().map(({ id, until }) => (
        <MenuItem key={id} icon={AlarmClock} choose={() => choose(until)}>
          {t(labels[id])}
        </MenuItem>
      ))}
      <MenuItem icon={CalendarClock} choose={pick}>
        {t('anyTime')}
      </MenuItem>
    </>
  );
}

interface AnyTimeProps extends Pick<TimeMenuProps, 'title' | 'choose' | 'focusAfter'> {
  close: () => void;
}

/** AnyTime is a dialog that asks for a date and a time in the browser's time zone. */
export function AnyTime({ title, choose, close, focusAfter }: AnyTimeProps) {
  const [problem, setProblem] = useState<Key | ''>('');
  const [first] = useState(() => fieldTime(snoozeTimes()[2]!.until));
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    e.stopPropagation(); // React passes it to the form of the reply too, around the menu
    const time = String(new FormData(e.currentTarget).get('time'));
    const wrong = timeProblem(time);
    setProblem(wrong);
    if (wrong) return;
    close();
    choose(new Date(time));
  };
  return (
    <Dialog title={title} isOpen close={close} focusAfter={focusAfter}>
      <form className="stack" onSubmit={submit} noValidate>
        <Field
          label={t('dateAndTime')}
          problem={problem && t(problem)}
          hint={t('timeZoneIs', { zone: timeZone.replaceAll('_', ' ') })}
        >
          {(a) => <input name="time" type="datetime-local" defaultValue={first} autoFocus {...a} />}
        </Field>
        <p className="buttons">
          <button className="primary">{title}</button>
          <button type="button" className="button" onClick={close}>
            {t('cancel')}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
