/** Hands a file to the browser's downloads. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  follow(address, name);
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 60_000);
}

/** Follows a link that downloads: the browser streams it to the disk. */
export function follow(address: string, name?: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name ?? "";
  document.body.append(link);
  link.click();
  link.remove();
}
