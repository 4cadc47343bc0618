/**
 * The unquantised model of a packed copy, by the names that its makers use; null: the name says nothing of packing.
 * @example unquantised('unsloth/llama-3-8b-Instruct-bnb-4bit') // 'unsloth/llama-3-8b-Instruct'
 */
export function unquantised(name: string): string | null {
  const plain = name.replace(/(-unsloth)?-bnb-[48]bit$|-(GPTQ|AWQ)(-.+)?$|-GGUF$/i, '')
  return plain === name ? null : plain
}
