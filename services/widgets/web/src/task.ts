export const sleep = (milliseconds: number) => new Promise<void>((f) => setTimeout(f, milliseconds));

/** nextTask gives the page a turn, so that no task of the widget is long. */
export const nextTask = () => sleep(0);
