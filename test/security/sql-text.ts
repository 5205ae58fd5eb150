import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');
const KEYWORDS =
  /\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|VALUES|SET|ORDER BY|LIMIT|RETURNING|AND|OR|ALTER|CREATE|DROP|GRANT|TRUNCATE)\b/;
/** What takes SQL as its first argument: ours, pg's and TypeORM's query builder. */
const TAKES_SQL =
  /^(query|execute|where|andWhere|orWhere|having|orderBy|addOrderBy|select|addSelect|set_?config)$/i;
/** Ours too; the condition is the third. */
const READS_ENTITIES = /^readEntit(y|ies)$/;
/** A constant of a module, or a member of one. */
const CONSTANT = /^[A-Z][A-Z0-9_]*(\[\w+\]|\.\w+)?$/;

/** Something that becomes part of the text of a statement and is no constant: `file: expression`. */
export function sqlFromElsewhere(): string[] {
  const files = globSync('{apps,libs}/**/*.ts', { cwd: ROOT }).filter(
    // What a migration says is said once, before anybody can have given the server anything.
    (file) => !file.endsWith('.spec.ts') && !file.includes('/migrations/'),
  );
  const found = files.flatMap((file) =>
    sqlIn(readFileSync(join(ROOT, file), 'utf8')).map((expression) => `${file}: ${expression}`),
  );
  return [...new Set(found)].toSorted();
}

/** The expressions in one source text that become part of a statement and are no constants. */
export function sqlIn(source: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node) && isSql(node)) found.push(...variablesOf(node));
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken && isSql(node))
      found.push(textOf(node));
    const given = ts.isCallExpression(node) ? statementOf(node) : undefined;
    if (given && ts.isTemplateExpression(given) && !isSql(given)) found.push(...variablesOf(given));
    else if (given && !ts.isTemplateExpression(given) && !isConstant(given)) found.push(textOf(given));
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return found;
}

function variablesOf({ templateSpans }: ts.TemplateExpression): string[] {
  return templateSpans
    .map((span) => span.expression)
    .filter((each) => !isConstant(each))
    .map(textOf);
}

/** The SQL a call is given, where it is one that takes any. */
function statementOf({ expression, arguments: given }: ts.CallExpression): ts.Expression | undefined {
  if (ts.isIdentifier(expression) && READS_ENTITIES.test(expression.text)) return given[2];
  if (!ts.isPropertyAccessExpression(expression) || !TAKES_SQL.test(expression.name.text)) return undefined;
  return given[0] && ts.isArrowFunction(given[0]) ? undefined : given[0];
}

function isSql(node: ts.TemplateExpression | ts.BinaryExpression): boolean {
  if (ts.isBinaryExpression(node)) return literalsIn(node).some((text) => KEYWORDS.test(text));
  return KEYWORDS.test(
    [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join(' '),
  );
}

function literalsIn(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isBinaryExpression(node)) return [...literalsIn(node.left), ...literalsIn(node.right)];
  return ts.isTemplateExpression(node) ? [node.head.text] : [];
}

/** Ours whoever calls: a literal, a constant, or what a function makes of literals (its own text is looked at where it stands). */
function isConstant(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node) || CONSTANT.test(node.getText())) return true;
  if (ts.isBinaryExpression(node)) return isConstant(node.left) && isConstant(node.right);
  if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node))
    return !node.getText().includes('text');
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.arguments.every(isConstant);
}

function textOf(node: ts.Node): string {
  return node.getText().replaceAll(/\s+/g, ' ').slice(0, 120);
}
