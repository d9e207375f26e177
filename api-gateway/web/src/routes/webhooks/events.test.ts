import { describe, expect, it } from 'vitest';
import { every, groups, includes, toggled } from './events';

const [page] = Object.values(
  import.meta.glob<string>('../../../../../docs/api/events.md', { eager: true, query: '?raw', import: 'default' }),
);

describe('groups', () => {
  it('have each type that the API sends to webhooks', () => {
    const rows = [...page!.matchAll(/^\| `([\w.]+)` \|.*\| [^|]*webhooks \|$/gm)].map(([, type]) => type);
    expect(rows.length).toBeGreaterThan(20);
    expect(groups.flatMap((g) => g.types).sort()).toEqual(rows.sort());
  });
});

describe('toggled', () => {
  it('adds and removes a type', () => {
    expect(toggled(['note.created'], 'ticket.created')).toEqual(['note.created', 'ticket.created']);
    expect(toggled(['note.created', 'ticket.created'], 'note.created')).toEqual(['ticket.created']);
  });

  it('takes a type out of a group, and keeps the others of it', () => {
    const left = toggled(['note.*', 'ticket.created'], 'note.updated');
    expect(left).toEqual(['ticket.created', 'note.created', 'note.deleted']);
  });

  it('takes a type out of all', () => {
    const left = toggled([every], 'note.updated');
    expect(includes(left, 'note.updated')).toBe(false);
    expect(groups.flatMap((g) => g.types).filter((type) => !includes(left, type))).toEqual(['note.updated']);
  });
});
