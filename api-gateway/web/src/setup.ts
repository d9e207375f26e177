// Runs before each file of tests: the texts are English.
import { vi } from 'vitest';

vi.stubGlobal('navigator', { languages: ['en'], onLine: true, platform: '' });
const { setTexts } = await import('./texts');
setTexts((await import('./texts/en.json')).default);
