// A form of questions: those before the first message, and the ticket.
import { el } from './dom';
import type { Texts } from './i18n';
import { safely } from './safely';
import type { Field } from './settings';

const maxTextLength = 255;
const maxLongTextLength = 10_000;

function input(field: Field) {
  const isLong = field.type === 'long';
  const element = isLong ? el('textarea', '', { rows: '4' }) : el('input', '', { type: field.type });
  element.name = field.name;
  element.dir = 'auto';
  element.required = field.required;
  element.maxLength = isLong ? maxLongTextLength : maxTextLength;
  return element;
}

/** fillForm replaces the content of a form. submit gets the trimmed values by name; if it fails, the form says so. */
export function fillForm(
  form: HTMLFormElement,
  texts: Texts,
  fields: Field[],
  submitText: string,
  submit: (values: Record<string, string>) => Promise<unknown>,
) {
  const error = el('div', 'error', { role: 'alert' });
  const inputs = fields.map(input);
  const button = el('button', 'primary', { type: 'submit' }, submitText);
  form.replaceChildren(...fields.map((f, i) => el('label', '', {}, f.label, inputs[i]!)), error, button);
  const trySubmit = async () => {
    const invalid = inputs.find((i) => !i.checkValidity());
    if (invalid) {
      error.textContent = invalid.value ? invalid.validationMessage : texts.required;
      invalid.focus();
      return;
    }
    button.disabled = true;
    try {
      await submit(Object.fromEntries(inputs.map((i) => [i.name, i.value.trim()])));
    } catch {
      error.textContent = texts.error;
    }
    button.disabled = false;
  };
  form.onsubmit = (e) => {
    e.preventDefault();
    safely(trySubmit)();
  };
}
