import { describe, expect, it } from 'vitest';
import { privilegeAnswer } from './privilege-answer.js';

const NEUTRAL = { all: false, ids: [], tags: [] };

describe('privilegeAnswer', () => {
  it('always sends the scope, neutral where none was given', () => {
    expect(privilegeAnswer({ type: 'View', target: 'Ztp' }, 23)).toEqual({
      type: 'View',
      target: 'Ztp',
      scope: NEUTRAL,
    });
  });

  it('completes a scope and keeps the order of its parts', () => {
    const scope = { ids: ['b', 'a'], tags: ['z', 'y'] };
    expect(privilegeAnswer({ type: 'All', target: 'Site', scope }, 23).scope).toEqual({
      all: false,
      ...scope,
    });
  });

  it('sends functions without a scope, empty where none was given', () => {
    expect(privilegeAnswer({ type: 'AssignFunction', target: 'All' }, 23)).toEqual({
      type: 'AssignFunction',
      target: 'All',
      functions: [],
    });
  });

  it('sends defaultTags with Create alone, and only when there are some', () => {
    const kept = { target: 'Site', defaultTags: ['aws'], functions: ['Portal'] };
    expect(privilegeAnswer({ type: 'Create', ...kept }, 23)).toEqual({
      type: 'Create',
      target: 'Site',
      scope: NEUTRAL,
      defaultTags: ['aws'],
    });
    expect(privilegeAnswer({ type: 'Create', target: 'Site', defaultTags: [] }, 23)).not.toHaveProperty(
      'defaultTags',
    );
    expect(privilegeAnswer({ type: 'Edit', ...kept }, 23)).toEqual({
      type: 'Edit',
      target: 'Site',
      scope: NEUTRAL,
    });
  });

  it.each([
    [23, ['Portal', 'Metrics Aggregator', 'Connection Broker']],
    [22, ['Portal', 'Metrics Aggregator']],
    [21, ['Portal', 'MetricsAggregator']],
    [17, ['Portal', 'MetricsAggregator']],
  ])('names the functions a caller of version %i knows', (version, functions) => {
    const kept = {
      type: 'AssignFunction',
      target: 'All',
      functions: ['Portal', 'Metrics Aggregator', 'Connection Broker'],
    };
    expect(privilegeAnswer(kept, version).functions).toEqual(functions);
  });
});
