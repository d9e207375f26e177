// The name of a browser for people.

/** device names the browser and the system of a User-Agent, or returns the User-Agent if they are unknown. */
export function device(userAgent: string): string {
  const known = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'] as const; // Edge and Opera also name Chrome, and all Safari
  const browser = known.find((b) => userAgent.includes(b + '/') || userAgent.includes(b + 'A/'));
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(userAgent)?.[1];
  const name = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser;
  return [name, system].filter(Boolean).join(' · ') || userAgent;
}
