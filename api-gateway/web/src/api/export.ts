// Downloads of the exports of the API, which are read in parts by a cursor.
import type { ExportEnd } from '../../../../libs/web/api';
import { query, type Api } from './client';

const lineEnd = '\n';

/**
 * readExport reads an export to its end, and returns its lines without those that only end a part. onRows is called
 * with the number of rows so far. An error of the server ends it.
 */
export async function readExport(
  api: Api,
  path: string,
  onRows: (count: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const parts: Blob[] = []; // a browser moves large ones out of memory
  let cursor = '';
  let count = 0;
  for (let isOver = false; !isOver;) {
    const lines = (await api.text(path + query({ cursor }), signal)).split(lineEnd).filter(Boolean);
    const end = JSON.parse(lines.pop() ?? '{}') as Partial<ExportEnd>;
    isOver = !!end.endOfStream;
    if (!end.cursor || (!isOver && end.cursor === cursor)) throw new Error('the export has no end');
    parts.push(new Blob(lines.map((line) => line + lineEnd)));
    count += lines.length;
    onRows(count);
    cursor = end.cursor;
  }
  return new Blob(parts, { type: 'application/x-ndjson' });
}
