/**
 * How a graph attends.
 * - `split`: all sequences of a batch stand in one row without padding; every block of ≤ BLOCK queries attends to exactly
 *   the keys it may see: its past and itself, gathered. No padding, any tree of shared prefixes. CPU.
 * - `gqa`: rows padded on the right, causal GroupQueryAttention without a mask (flash attention on CUDA). Padded only.
 * - `attention`: rows of trees with a mask, ONNX's own Attention (opset 23).
 * - `prompts`: prompts of one length as rows of their own, completions as rows that read their prompt's keys and values as a past. No mask,
 *   so that CUDA takes flash attention, and every prompt is computed once. No windows.
 * - `plain`: the same mask as `attention` with MatMul and Softmax; runs wherever ONNX runs.
 */
export const ATTENTION_FORMS = ['split', 'gqa', 'attention', 'prompts', 'plain'] as const
export type AttentionForm = (typeof ATTENTION_FORMS)[number]
