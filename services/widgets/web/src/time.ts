// When a message was written, in the visitor's time zone and in the widget's language.

const dayLength = 24 * 3_600_000; // milliseconds
const maxGap = 5 * 60_000; // between two messages of a group

const startOfDay = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** inLanguage makes the format when it is first used: making one takes milliseconds on a phone. */
const inLanguage = (language: string, options: Intl.DateTimeFormatOptions) => {
  let format: Intl.DateTimeFormat | undefined;
  return (at: number) => (format ||= new Intl.DateTimeFormat(language, options)).format(at);
};

const capitalised = (text: string, language: string) => {
  const [first = ''] = text;
  return first.toLocaleUpperCase(language) + text.slice(first.length);
};

/** Times writes times as in a language. */
export class Times {
  /** time is the hour and the minute. */
  readonly time: (at: number) => string;
  private readonly _weekday: (at: number) => string;
  private readonly _date: (at: number) => string;
  private readonly _thisYear: (at: number) => string;
  private readonly _otherYear: (at: number) => string;

  constructor(private readonly _language: string) {
    const day = { day: 'numeric', month: 'long' } as const;
    this.time = inLanguage(_language, { timeStyle: 'short' });
    const moment = { weekday: 'long', hour: 'numeric', minute: '2-digit' } as const;
    this._weekday = inLanguage(_language, moment);
    this._date = inLanguage(_language, { ...day, ...moment });
    this._thisYear = inLanguage(_language, { ...day, weekday: 'long' });
    this._otherYear = inLanguage(_language, { ...day, year: 'numeric' });
  }

  /** day is "today", "yesterday" or the date. */
  day(at: number, now = Date.now()): string {
    const days = Math.round((startOfDay(at) - startOfDay(now)) / dayLength); // some days have 23 or 25 hours
    const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    let text = (isThisYear ? this._thisYear : this._otherYear)(at);
    if (days === 0 || days === -1) {
      text = new Intl.RelativeTimeFormat(this._language, { numeric: 'auto' }).format(days, 'day');
    }
    return capitalised(text, this._language);
  }

  /** moment is a weekday and a time, with the date if it isn't one of the next six days. */
  moment(at: number, now = Date.now()): string {
    return (startOfDay(at) - startOfDay(now) < 6.5 * dayLength ? this._weekday : this._date)(at);
  }
}

/** span writes a length of time in whole minutes or hours. It is an estimate, so it is rounded up. */
export function span(seconds: number, language: string): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const isLong = minutes > 55;
  const value = isLong ? Math.ceil(minutes / 60) : minutes > 5 ? 5 * Math.ceil(minutes / 5) : minutes;
  const unit = isLong ? 'hour' : 'minute';
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

export const isSameDay = (a: number, b: number) => startOfDay(a) === startOfDay(b);

/** isSoonAfter reports whether a message belongs to the group of the one before, if both have one author. */
export const isSoonAfter = (before: number, at: number) => isSameDay(before, at) && at - before < maxGap;
