// Movement in a grid by keys.

/** step returns the index that a key leads to from another one, or -1 if the key doesn't move. */
export function step(key: string, at: number, count: number, columns: number, isMirrored: boolean): number {
  const forward = isMirrored ? -1 : 1;
  const moves: Record<string, number> = {
    ArrowRight: at + forward,
    ArrowLeft: at - forward,
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    Home: 0,
    End: count - 1,
  };
  const next = moves.hasOwnProperty(key) ? moves[key]! : -1;
  return next < count ? next : -1;
}
