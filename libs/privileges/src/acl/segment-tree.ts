import type { PathPattern } from './path-pattern.js';
import { PrefixTable } from './prefix-table.js';

interface Node<T> {
  literals: Map<string, Node<T>>;
  any: Node<T> | null;
  /** What ends here. */
  end: T | undefined;
  /** What goes on with anything that begins so. */
  prefixes: PrefixTable<T>;
}

/** Things kept under patterns with `+`, a tree by segments. */
export class SegmentTree<T> {
  private readonly root: Node<T> = emptyNode();

  obtain(pattern: PathPattern, make: () => T): T {
    const [node, last] = this.walk(pattern);
    return last === null ? (node.end ??= make()) : node.prefixes.obtain(last, make);
  }

  /** Forgets one; a branch that nothing ends on any more costs a few bytes and stays. */
  delete(pattern: PathPattern): void {
    const [node, last] = this.walk(pattern);
    if (last === null) node.end = undefined;
    else node.prefixes.delete(last);
  }

  /** What is kept under the patterns that match the path, in no order. */
  find(path: readonly string[]): T[] {
    const found: T[] = [];
    collect(this.root, path, 0, found);
    return found;
  }

  *values(node: Node<T> = this.root): Iterable<T> {
    if (node.end !== undefined) yield node.end;
    yield* node.prefixes.values();
    for (const child of node.literals.values()) yield* this.values(child);
    if (node.any !== null) yield* this.values(node.any);
  }

  /** The node a pattern stands at; with a prefix pattern also the beginning of its last segment. */
  private walk({ segments, isPrefix }: PathPattern): [Node<T>, string | null] {
    let node = this.root;
    for (const segment of isPrefix ? segments.slice(0, -1) : segments) node = childOf(node, segment);
    return [node, isPrefix ? (segments.at(-1) ?? '') : null];
  }
}

function collect<T>(node: Node<T>, path: readonly string[], depth: number, found: T[]): void {
  const segment = path[depth];
  if (segment === undefined) {
    if (node.end !== undefined) found.push(node.end);
    return;
  }
  for (const value of node.prefixes.along(segment)) found.push(value);
  const literal = node.literals.get(segment);
  if (literal !== undefined) collect(literal, path, depth + 1, found);
  if (node.any !== null) collect(node.any, path, depth + 1, found);
}

function childOf<T>(node: Node<T>, segment: string): Node<T> {
  if (segment === '+') return (node.any ??= emptyNode());
  let child = node.literals.get(segment);
  if (child === undefined) node.literals.set(segment, (child = emptyNode()));
  return child;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), any: null, end: undefined, prefixes: new PrefixTable() };
}
