/** Whether a text is a UUID as this dialect writes them: lowercase (§2.6). Anything else names nothing. */
export function isUuid(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
