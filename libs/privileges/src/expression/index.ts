export {
  ExpressionSandbox,
  type CriteriaScript,
  type EvaluationOptions,
  type ExpressionClaims,
  type ExpressionResult,
  type ScriptResult,
} from './expression-sandbox.js';
