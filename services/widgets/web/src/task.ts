/** nextTask lets the page go on in between, so that no task of the widget is long. */
export const nextTask = () => new Promise((f) => setTimeout(f));
