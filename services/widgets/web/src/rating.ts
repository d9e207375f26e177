// The questions after a conversation: stars, then a comment.
import { button, el } from './dom';
import type { Texts } from './i18n';

/** ratingForm creates the elements of the form. rate sends 1 to 5 stars and the comment, which may be ''. */
export function ratingForm(texts: Texts, rate: (stars: number, feedback: string) => Promise<unknown>): HTMLElement[] {
  const stars = el('div', 'stars', { role: 'group', 'aria-label': texts.rate });
  const feedback = el('textarea', '', {
    'aria-label': texts.feedback,
    placeholder: texts.feedback,
    rows: '2',
    maxlength: '1000',
    dir: 'auto',
  });
  const error = el('div', 'error', { role: 'alert' });
  let chosen = 0;
  const submit = () =>
    rate(chosen, feedback.value.trim()).catch(() => {
      error.textContent = texts.error;
    });
  const send = button('primary', {}, submit, texts.send);
  feedback.hidden = send.hidden = true;
  const choose = (n: number) => {
    chosen = n;
    [...stars.children].forEach((star, i) => {
      star.classList.toggle('on', i < n);
      star.setAttribute('aria-pressed', String(i === n - 1));
    });
    feedback.hidden = send.hidden = false;
  };
  for (let n = 1; n <= 5; n++) {
    const label = texts.stars.replace('#', String(n));
    stars.append(button('star', { 'aria-label': label, 'aria-pressed': 'false' }, () => choose(n), '★'));
  }
  return [el('div', '', {}, texts.rate), stars, feedback, send, error];
}
