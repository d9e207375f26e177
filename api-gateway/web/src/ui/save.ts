// Files that the console lets the browser store.

const keptFor = 60_000; // milliseconds: some browsers read the file after the click

/** save lets the browser store a file. */
export function save(file: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), keptFor);
}
