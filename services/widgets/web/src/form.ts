// A form of questions: those before the first message, and the ticket. Each question has a label, a mark if it must be
// answered, and an error of its own.
import { el } from './dom';
import type { Texts } from './i18n';
import { safely } from './safely';
import type { Field } from './settings';
import { wellFormed } from './text';

const maxTextLength = 255;
const maxLongTextLength = 10_000;

// Browsers accept addresses without a dot, which no shop's customer has.
const emailForm = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

type Input = HTMLInputElement | HTMLTextAreaElement;

/** Question is a field on the screen. */
interface Question {
  input: Input;
  error: HTMLElement;
  element: HTMLElement;
}

function question(field: Field): Question {
  const isLong = field.type === 'long';
  const input = isLong ? el('textarea', '', { rows: '4' }) : el('input', '', { type: field.type });
  input.name = field.name;
  input.dir = 'auto';
  input.required = field.required;
  input.maxLength = isLong ? maxLongTextLength : maxTextLength;
  if (field.name === 'name' || field.name === 'email') input.setAttribute('autocomplete', field.name);
  const error = el('span', 'error', { id: 'error-' + field.name });
  input.setAttribute('aria-describedby', error.id);
  const mark = field.required ? [el('span', 'mark', { 'aria-hidden': 'true' }, ' *')] : [];
  return { input, error, element: el('label', '', {}, el('span', '', {}, field.label, ...mark), input, error) };
}

/** problem explains what is wrong with an answer, or returns ''. */
function problem(input: Input, texts: Texts): string {
  const value = input.value.trim();
  if (!value) return input.required ? texts.required : '';
  if (input.type === 'email' && !emailForm.test(value)) return texts.emailInvalid;
  return input.validationMessage;
}

/** fillForm replaces the content of a form. submit gets the trimmed values by name; if it fails, the form says so. */
export function fillForm(
  form: HTMLFormElement,
  texts: Texts,
  fields: Field[],
  submitText: string,
  submit: (values: Record<string, string>) => Promise<unknown>,
) {
  const failure = el('div', 'error', { role: 'alert' });
  const questions = fields.map(question);
  const button = el('button', 'primary', { type: 'submit' }, submitText);
  form.replaceChildren(...questions.map((q) => q.element), failure, button);
  const check = ({ input, error }: Question) => {
    error.textContent = problem(input, texts);
    input.setAttribute('aria-invalid', String(!!error.textContent));
    return !error.textContent;
  };
  for (const q of questions) q.input.onchange = () => check(q);
  const trySubmit = async () => {
    const wrong = questions.filter((q) => !check(q));
    if (wrong[0]) {
      wrong[0].input.focus();
      return;
    }
    button.disabled = true;
    failure.textContent = '';
    try {
      await submit(Object.fromEntries(questions.map(({ input }) => [input.name, wellFormed(input.value.trim())])));
    } catch {
      failure.textContent = texts.error;
    }
    button.disabled = false;
  };
  form.onsubmit = (e) => {
    e.preventDefault();
    safely(trySubmit)();
  };
}
