/** Where a model can run, by our name and by ONNX Runtime's name of its execution provider. */
export const PROVIDERS = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
} as const
export type Device = keyof typeof PROVIDERS
