/** One work in the chart: its sides and how many requests a second each answered. */
export interface ChartGroup {
  title: string;
  bars: { name: string; rate: number }[];
}

const WIDTH = 860;
const LABEL = 250;
const BAR = 20;
const ROW = 26;
const HEAD = 34;
const OURS = '#2f6f4f';
const OTHERS = '#9aa5b1';

/** A bar chart as SVG; within each group the longest bar is the fastest side. */
export function chartOf(groups: readonly ChartGroup[]): string {
  const parts: string[] = [];
  let y = 16;
  for (const { title, bars } of groups) {
    y += HEAD;
    parts.push(text(12, y - 12, title, 'font-weight="bold"'));
    const most = Math.max(...bars.map(({ rate }) => rate));
    for (const { name, rate } of bars) {
      const length = Math.max(2, (rate / most) * (WIDTH - LABEL - 90));
      const colour = name.startsWith('Sallyport') ? OURS : OTHERS;
      parts.push(text(LABEL - 8, y + 15, name, 'text-anchor="end"'));
      parts.push(
        `<rect x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${colour}" rx="2"/>`,
      );
      parts.push(text(LABEL + length + 8, y + 15, `${rate.toFixed(0)}/s`));
      y += ROW;
    }
  }
  const height = y + 14;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, words: string, more = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" fill="#1f2933" ${more}>${escaped}</text>`;
}
