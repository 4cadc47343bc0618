import { compose, unfenced } from '../envelope.ts'
import type { Transformation } from '../transformation.ts'

/** The answer in a Markdown code fence, inside its tags. ether0's verifier reads no fences: it fails what it passed before. */
export const codeFence: Transformation = {
  name: 'code_fence',
  family: 'format',
  same: true,
  make({ envelope }) {
    const { answer } = envelope
    if (unfenced(answer) !== answer || answer.includes('`')) return 'fenced_already'
    return [compose(envelope, { answer: `\`\`\`\n${answer}\n\`\`\`` })]
  },
}
