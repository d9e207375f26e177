// The theme of the page: what the agent chose, or else what the system prefers.
import { Keep } from '../api/keep';

const settings = new Keep('browser');
const system = matchMedia('(prefers-color-scheme: dark)');

export type Theme = 'system' | 'light' | 'dark';

const formerKey = 'fivechat:console:theme'; // of earlier versions

export const theme = (): Theme =>
  settings.read<Theme>('theme') ?? (localStorage.getItem(formerKey) as Theme | null) ?? 'system';
export const hasMoreContrast = () => settings.read('contrast') === true;

/** applyTheme shows the theme. */
export function applyTheme() {
  const chosen = theme();
  const { dataset } = document.documentElement;
  dataset.theme = chosen === 'system' ? (system.matches ? 'dark' : 'light') : chosen;
  if (hasMoreContrast()) dataset.contrast = 'more';
  else delete dataset.contrast;
}

export function setTheme(chosen: Theme) {
  settings.write('theme', chosen);
  applyTheme();
}

export function setMoreContrast(isOn: boolean) {
  settings.write('contrast', isOn);
  applyTheme();
}

system.addEventListener('change', applyTheme);
