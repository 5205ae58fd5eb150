/** Characters of `console.log` and `print` that are kept. */
export const OUTPUT_LIMIT = 16_384;
/** Characters of the JSON a user script may return. */
export const VALUE_LIMIT = 262_144;
/** Characters of an error text. */
export const ERROR_LIMIT = 1_000;

/**
 * What runs inside QuickJS before the expression does. It keeps its own references to every built-in it needs, because the
 * expression may afterwards replace them. The host reads nothing but JSON strings from it and hands nothing but one in, so no
 * host object is ever within reach of an expression (S52).
 */
export const GUEST_HARNESS = `(function () {
  'use strict';
  const { parse, stringify } = JSON;
  const { getPrototypeOf } = Object;
  const { construct, defineProperty, get, getOwnPropertyDescriptor, has, ownKeys } = Reflect;
  const { isArray } = Array;
  const text = String, NativeFunction = Function, NativeError = Error, NativeProxy = Proxy, NativeDate = Date;
  const plainPrototype = Object.prototype;
  const cut = NativeFunction.prototype.call.bind(''.slice);
  let printed = '', lines = 0, looked = false;

  function show(value) {
    if (typeof value !== 'object' || value === null || value instanceof NativeError) return text(value);
    return stringify(value) ?? text(value);
  }

  function print(...values) {
    if (printed.length >= ${OUTPUT_LIMIT}) return;
    let line = lines++ === 0 ? '' : '\\n';
    for (let i = 0; i < values.length; i++) line += (i === 0 ? '' : ' ') + show(values[i]);
    printed = cut(printed + line, 0, ${OUTPUT_LIMIT});
  }

  function kindOf(value) {
    if (value === null) return 'null';
    if (isArray(value)) return 'array';
    return typeof value;
  }

  function isPlain(value) {
    if (kindOf(value) !== 'object') return false;
    const prototype = getPrototypeOf(value);
    return prototype === plainPrototype || prototype === null;
  }

  function failure(error) {
    return stringify({ __proto__: null, error: cut(error, 0, ${ERROR_LIMIT}), looked });
  }

  function describe(thrown) {
    try {
      return show(thrown);
    } catch {
      return 'The expression threw something that cannot be shown.';
    }
  }

  function offer(script) {
    if (script.name in globalThis) return;
    let compiled;
    const get = () => {
      try {
        return (compiled ??= NativeFunction('claims', script.expression));
      } catch (error) {
        throw new SyntaxError('criteria script ' + script.name + ': ' + error.message);
      }
    };
    defineProperty(globalThis, script.name, { get });
  }

  // To whoever reads it the same; that somebody did is told.
  function watched(value) {
    const look = (read) => (...given) => {
      looked = true;
      return read(...given);
    };
    const traps = { get, getOwnPropertyDescriptor, has, ownKeys };
    for (const name in traps) traps[name] = look(traps[name]);
    return new NativeProxy(value, traps);
  }

  function watch(claims, paths) {
    for (const path of paths) {
      const last = path.pop();
      const owner = path.reduce((part, name) => part[name], claims);
      owner[last] = watched(owner[last]);
    }
    const clock = new NativeProxy(NativeDate, {
      apply: () => {
        looked = true;
        return NativeDate();
      },
      construct: (date, given, made) => {
        looked ||= given.length === 0;
        return construct(date, given, made);
      },
      get: (date, name) => {
        looked ||= name === 'now';
        return date[name];
      },
    });
    defineProperty(NativeDate.prototype, 'constructor', { value: clock });
    globalThis.Date = clock;
  }

  function result(job) {
    const value = NativeFunction('claims', job.expression)(job.claims);
    if (job.returns === 'boolean') {
      if (typeof value === 'boolean') return stringify({ __proto__: null, value, looked });
      return failure('The expression must return a boolean, not ' + kindOf(value) + '.');
    }
    if (!isPlain(value)) return failure('The script must return a plain object, not ' + kindOf(value) + '.');
    const answer = stringify({ __proto__: null, value, looked });
    if (answer.length > ${VALUE_LIMIT}) return failure('The result is too large.');
    return answer;
  }

  defineProperty(globalThis, 'print', { value: print });
  defineProperty(globalThis, 'console', { value: Object.freeze({ log: print }) });

  return {
    evaluate(jobText) {
      const job = parse(jobText);
      for (let i = 0; i < job.scripts.length; i++) offer(job.scripts[i]);
      if (job.watched !== undefined) watch(job.claims, job.watched);
      try {
        return result(job);
      } catch (thrown) {
        return failure(describe(thrown));
      }
    },
    printed: () => stringify(printed),
  };
})()`;
