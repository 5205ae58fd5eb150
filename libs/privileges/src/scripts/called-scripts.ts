interface Script {
  name: string;
  expression: string;
}

/** By these a text may reach a function without writing its name. */
const ROUNDABOUT = /\\u|\b(?:globalThis|this|eval|Function|constructor|Reflect|with)\b/;

/**
 * Whether one of these texts may call the script, straight or through another script. It errs on the side of yes: a text that could
 * reach it by a roundabout way counts as calling it.
 */
export function isCalled(name: string, texts: string[], scripts: Script[]): boolean {
  const reached = [...texts];
  const open = new Set(scripts);
  for (let text = reached.pop(); text !== undefined; text = reached.pop()) {
    if (text.includes(name) || ROUNDABOUT.test(text)) return true;
    for (const script of open) {
      if (!text.includes(script.name)) continue;
      open.delete(script);
      reached.push(script.expression);
    }
  }
  return false;
}
