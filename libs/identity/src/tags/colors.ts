/** Colours of tags, numbered from 1 (contract appgate.md §6.6). */
export const COLORS = [
  'Light Green',
  'Green',
  'Indigo',
  'Deep Purple',
  'Yellow',
  'Lime',
  'Light Blue',
  'Blue',
  'Amber',
  'Orange',
  'Cyan',
  'Teal',
  'Deep Orange',
  'Red',
  'Gray',
  'Brown',
  'Pink',
  'Purple',
  'Blue Gray',
  'Near Black',
];

export function colorName(code: number): string {
  return COLORS[code - 1] ?? '';
}
