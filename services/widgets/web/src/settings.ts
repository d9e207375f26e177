// Settings that a website writes as JSON of its own making. Malformed parts are ignored.
import type { Widget } from '../../../../libs/web/api';

/** Field is a question of a form. */
export interface Field {
  name: string;
  label: string;
  type: string;
  required: boolean;
}

type Members = Record<string, unknown>;

const maxFields = 10;
const inputTypes = ['email', 'tel', 'url', 'number'];

/** parseArray returns the elements of a JSON array, or none if the text is something else. */
function parseArray(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** messagesIn returns the messages in the language of the widget, or those without a language if there are none. */
export function messagesIn(messages: string, language: string): string[] {
  const all = parseArray(messages).map((m) => (typeof m === 'string' ? { text: m } : (m as Members | null) || {}));
  const own = all.filter((m) => m.lang === language || m.lang === language.split('-')[0]);
  return (own.length ? own : all.filter((m) => !m.lang))
    .map((m) => m.text || m.message || m.content)
    .filter((text): text is string => !!text && typeof text === 'string');
}

/** formFields returns the questions before the first message. labels are those of well-known names. */
export function formFields(settings: Widget, labels: Partial<Record<string, string>>): Field[] {
  return parseArray(settings.chatFormFields)
    .map((f) => (typeof f === 'string' ? { name: f } : f) as Members | null)
    .filter((f): f is Members & { name: string } => !!f && !!f.name && typeof f.name === 'string')
    .slice(0, maxFields)
    .map(({ name, label, type, required }) => ({
      name,
      label: String(label || (labels.hasOwnProperty(name) && labels[name]) || name),
      type: inputTypes.includes(type as string) ? (type as string) : name === 'email' ? 'email' : 'text',
      required: !!required,
    }));
}
