/** `<<EOF` or, indented, `<<-EOF`, its lines, and the line that holds the mark alone. */
const OPENING = /<<(-?)([A-Za-z_][\w]*)\r?\n/y;

/** Finds a heredoc at an offset; in the form chevrotain asks of a token that a plain pattern cannot describe. */
export function heredocAt(text: string, offset: number): [string] | null {
  OPENING.lastIndex = offset;
  const opening = OPENING.exec(text);
  if (opening === null) return null;
  const [head, , mark = ''] = opening;
  for (let line = offset + head.length; line < text.length;) {
    const next = text.indexOf('\n', line);
    const end = next === -1 ? text.length : next;
    if (text.slice(line, end).trim() === mark) return [text.slice(offset, end)];
    line = end + 1;
  }
  return null;
}

/** What a heredoc says: its lines, the last newline included; in the indented form without what the mark's line begins with. */
export function heredocText(image: string): string {
  const [head = '', ...lines] = image.split('\n');
  const mark = lines.pop() ?? '';
  if (!head.startsWith('<<-')) return lines.map((line) => `${line}\n`).join('');
  const indent = /^[ \t]*/.exec(mark)?.[0] ?? '';
  const isIndented = lines.every((line) => line.startsWith(indent) || line.trim() === '');
  return lines.map((line) => `${isIndented ? line.slice(indent.length) : line}\n`).join('');
}
