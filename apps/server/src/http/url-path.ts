/** The path of a URL without scheme: what stands before its query and its fragment. */
export function urlPath(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
