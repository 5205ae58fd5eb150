export {
  ExpressionSandbox,
  type CriteriaScript as CallableScript,
  type EvaluationOptions,
  type ExpressionClaims,
  type ExpressionResult,
  type ScriptResult,
} from './expression-sandbox.js';
