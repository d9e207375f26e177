// Errors of the widget never reach the page: they are warnings in its console.

export const warn = (err: unknown) => console.warn('fivechat:', err);

/** ignore is for requests whose failure changes nothing that the visitor sees. */
export const ignore = () => {};

/** safely wraps a function so that it doesn't throw, whether it is synchronous or asynchronous. */
export const safely =
  <A extends unknown[]>(f: (...args: A) => unknown) =>
  async (...args: A): Promise<void> => {
    try {
      await f(...args);
    } catch (err) {
      warn(err);
    }
  };
