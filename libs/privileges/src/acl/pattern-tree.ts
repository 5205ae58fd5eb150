import type { PathPattern } from './path-pattern.js';

interface Node<T> {
  literals: Map<string, Node<T>>;
  any: Node<T> | null;
  /** What ends here. */
  ends: T[];
  /** What goes on with anything that begins so. */
  prefixes: { start: string; value: T }[];
}

/** Things kept under patterns, to find those whose pattern has some path in common with another, without comparing each with each. */
export class PatternTree<T> {
  private readonly root: Node<T> = emptyNode();

  add({ segments, isPrefix }: PathPattern, value: T): void {
    let node = this.root;
    for (const segment of isPrefix ? segments.slice(0, -1) : segments) node = childOf(node, segment);
    if (isPrefix) node.prefixes.push({ start: segments.at(-1) ?? '', value });
    else node.ends.push(value);
  }

  /** What `intersects` says yes of, in no order. */
  intersecting(pattern: PathPattern): T[] {
    const found: T[] = [];
    walk(this.root, pattern, 0, found);
    return found;
  }
}

function walk<T>(node: Node<T>, pattern: PathPattern, depth: number, found: T[]): void {
  const segment = pattern.segments[depth];
  if (segment === undefined) {
    for (const value of node.ends) found.push(value);
    return;
  }
  const isStart = pattern.isPrefix && depth === pattern.segments.length - 1;
  for (const { start, value } of node.prefixes)
    if (segment === '+' || segment.startsWith(start) || (isStart && start.startsWith(segment)))
      found.push(value);
  if (node.any !== null) {
    if (isStart) gather(node.any, found);
    else walk(node.any, pattern, depth + 1, found);
  }
  if (isStart || segment === '+') {
    for (const [literal, child] of node.literals)
      if (!isStart) walk(child, pattern, depth + 1, found);
      else if (literal.startsWith(segment)) gather(child, found);
    return;
  }
  const literal = node.literals.get(segment);
  if (literal !== undefined) walk(literal, pattern, depth + 1, found);
}

function gather<T>(node: Node<T>, found: T[]): void {
  for (const value of node.ends) found.push(value);
  for (const { value } of node.prefixes) found.push(value);
  for (const child of node.literals.values()) gather(child, found);
  if (node.any !== null) gather(node.any, found);
}

function childOf<T>(node: Node<T>, segment: string): Node<T> {
  if (segment === '+') return (node.any ??= emptyNode());
  let child = node.literals.get(segment);
  if (child === undefined) node.literals.set(segment, (child = emptyNode()));
  return child;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), any: null, ends: [], prefixes: [] };
}
