import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelSpec } from '../../../src/model/archs/index.ts'
import { openCheckpoint } from '../../../src/model/checkpoint.ts'
import { readPeftConfig } from '../../../src/model/peft-config.ts'
import { readOnnx } from '../../../src/model/ready-made/proto.ts'
import { readSafetensorsHeader } from '../../../src/model/safetensors.ts'
import { compileTemplate } from '../../../src/text/template.ts'
import { openTokenizer } from '../../../src/text/tokenizer.ts'
import { DEMO, expected, inFolder, seed, type Target, texts } from '../target.ts'

const SHARDED = 'test/data/models/qwen2-sharded-bf16'
const ADAPTER = 'test/data/adapters'
const encoded = async (folder: string): Promise<void> => {
  const tokenizer = await openTokenizer(folder, { id: 'm' })
  const { ids } = tokenizer.encode('CC(=O)O is acetic acid.', { addSpecialTokens: true })
  tokenizer.decode(ids)
}

/** What lies in the folder of a model. */
export function modelTargets(scratch: string): Target[] {
  const weights = seed(join(DEMO, 'model.safetensors'))
  const file = join(mkdtempSync(join(scratch, 'weights-')), 'x.safetensors')
  return [
    {
      name: 'safetensors header',
      seeds: [weights.subarray(0, 8 + Number(weights.readBigUInt64LE(0)))],
      run: (input) =>
        expected(() => {
          writeFileSync(file, input)
          readSafetensorsHeader(file)
        }),
    },
    {
      name: 'config.json',
      json: true,
      seeds: [seed(join(DEMO, 'config.json'))],
      run: inFolder(scratch, DEMO, 'config.json', (folder) => modelSpec(openCheckpoint(folder))),
    },
    {
      name: 'model.safetensors.index.json',
      json: true,
      seeds: [seed(join(SHARDED, 'model.safetensors.index.json'))],
      run: inFolder(scratch, SHARDED, 'model.safetensors.index.json', openCheckpoint),
    },
    {
      name: 'adapter_config.json',
      json: true,
      seeds: texts(
        '{"peft_type":"LORA","task_type":"SEQ_CLS","r":8,"lora_alpha":16,"target_modules":["q_proj"],"rank_pattern":{"a":2},"alpha_pattern":{},"use_rslora":false,"modules_to_save":["score"],"base_model_name_or_path":"x","bias":"none","fan_in_fan_out":false}',
      ),
      run: inFolder(scratch, ADAPTER, 'adapter_config.json', readPeftConfig),
    },
    {
      name: 'tokenizer.json',
      json: true,
      seeds: [seed(join(DEMO, 'tokenizer.json'))],
      run: inFolder(scratch, DEMO, 'tokenizer.json', encoded),
    },
    {
      name: 'tokenizer_config.json',
      json: true,
      seeds: [seed(join(DEMO, 'tokenizer_config.json'))],
      run: inFolder(scratch, DEMO, 'tokenizer_config.json', encoded),
    },
    {
      name: 'onnx',
      seeds: [seed('test/data/onnx/bert/model.onnx').subarray(0, 60_000)],
      run: (input) => expected(() => readOnnx(input, 'x.onnx')),
    },
    {
      name: 'template',
      seeds: [
        seed(join(DEMO, 'chat_template.jinja')),
        ...texts(
          "{% for m in messages %}{% if loop.first %}{{ m['role']|upper ~ '\\n' }}{% endif %}{{ m.content|tojson }}{% endfor %}",
          "{%- macro turn(m, sep='\\n') -%}{{ m.role }}{{ sep }}{%- endmacro -%}{% set ns = namespace(n=0) %}{% for m in messages if m.role != 'x' %}{% set ns.n = ns.n + 1 %}{{ turn(m) }}{{ m['content'].split('?')[0] | trim }}{{ '%03d' | format(ns.n) }}{% endfor %}{{ messages[::-1] | map(attribute='role') | join(',') }}",
          "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% elif not tools %}{{ [1, 2.5, 'a', none, {'k': (1,)}] | tojson(indent=2) }}{% endif %}{{ strftime_now('%Y') }}",
        ),
      ],
      run: (input) =>
        expected(() => compileTemplate(input.toString(), 't').render([{ role: 'user', content: 'CCO?' }])),
    },
  ]
}
