// The request that sends a file. fetch doesn't report how much of a body is sent, XMLHttpRequest does.

// A connection without progress for this many milliseconds counts as broken. The server makes thumbnails in this time.
const idleTimeout = 60_000;

/** Posted is the server's response, with its JSON or {}. */
export interface Posted {
  status: number;
  body: unknown;
}

/** postFile sends a file. It rejects if the connection breaks or the signal is aborted, not for a refusal. */
export function postFile(
  url: string,
  headers: Record<string, string>,
  file: Blob,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(cancel, idleTimeout);
    };
    request.open('POST', url);
    for (const name in headers) request.setRequestHeader(name, headers[name]!);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => {
      wait();
      if (total) onProgress(loaded / total);
    };
    request.onload = () => {
      let body: unknown = {};
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // A proxy between here and the server has answered.
      }
      resolve({ status: request.status, body });
    };
    request.onerror = request.onabort = () => reject(new Error('the connection broke'));
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    signal.addEventListener('abort', cancel);
    wait();
    request.send(file);
    if (signal.aborted) cancel(); // before the request was made
  });
}
