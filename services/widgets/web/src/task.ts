/** nextTask gives the page a turn, so that no task of the widget is long. */
export const nextTask = () => new Promise((f) => setTimeout(f));
