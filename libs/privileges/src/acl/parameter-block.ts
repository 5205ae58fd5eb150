import type { ParameterRules, ParameterValue, ParameterValues } from './parameter-rules.js';
import type { PolicyNode } from './policy-node.js';
import { PolicyTextError } from './policy-text-error.js';
import { textsOf } from './policy-value.js';

/** What a path block says of a request's fields; null where it says nothing. */
export function readParameters(fields: ReadonlyMap<string, PolicyNode>): ParameterRules | null {
  const rules = {
    allowed: readValues(fields.get('allowed_parameters'), 'allowed_parameters'),
    denied: readValues(fields.get('denied_parameters'), 'denied_parameters'),
    required: textsOf(fields.get('required_parameters'), 'required_parameters').map(({ text }) =>
      text.toLowerCase(),
    ),
  };
  const isSilent = rules.allowed.size === 0 && rules.denied.size === 0 && rules.required.length === 0;
  return isSilent ? null : rules;
}

function readValues(node: PolicyNode | undefined, name: string): ParameterValues {
  const values = new Map<string, readonly ParameterValue[]>();
  if (node === undefined) return values;
  // JSON may write a block as a list of blocks.
  const blocks = node.kind === 'list' ? node.items : [node];
  for (const block of blocks) {
    if (block.kind !== 'object') throw new PolicyTextError(block.at, `${name} must be a block`);
    for (const { keys, value } of block.members) {
      const [key] = keys;
      if (key === undefined || keys.length > 1) throw new PolicyTextError(value.at, `${name} holds lists`);
      const field = key.text.toLowerCase();
      if (values.has(field)) throw new PolicyTextError(key.at, `${field} is given twice`);
      if (value.kind !== 'list') throw new PolicyTextError(value.at, `${field} must be a list`);
      values.set(field, value.items.map(valueOf));
    }
  }
  return values;
}

function valueOf(node: PolicyNode): ParameterValue {
  if (node.kind === 'object') throw new PolicyTextError(node.at, 'a listed value cannot be a block');
  return node.kind === 'list' ? node.items.map(valueOf) : node.value;
}
