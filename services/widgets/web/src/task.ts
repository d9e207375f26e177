export const sleep = (milliseconds: number) => new Promise<void>((f) => setTimeout(f, milliseconds));

type Yields = { scheduler?: { yield?: () => Promise<void> } };

/**
 * nextTask gives the page a turn, so that no task of the widget is long. Browsers that have yield continue sooner than
 * with a timer.
 */
export const nextTask = (): Promise<void> => (window as Yields).scheduler?.yield?.() ?? sleep(0);
