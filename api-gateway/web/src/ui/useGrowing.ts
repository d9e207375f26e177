// A field that is as high as its text.
import { useLayoutEffect, type RefObject } from 'react';

const maxHeight = 240; // pixels
const borders = 2; // pixels

/** useGrowing gives a field the height of its text, up to 240 pixels. */
export function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string) {
  useLayoutEffect(() => {
    const { style } = field.current!;
    style.height = 'auto';
    style.height = Math.min(field.current!.scrollHeight + borders, maxHeight) + 'px';
  }, [text]);
}
