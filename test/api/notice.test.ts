import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

const notice = readFileSync(packagePath('NOTICE'), 'utf8')
const topics = readdirSync(packagePath('src/embedded'))

it.each(topics)('NOTICE names everything in src/embedded/%s', (topic) => {
  const names = readdirSync(packagePath('src/embedded', topic)).filter((name) => name !== 'SOURCE.md')
  expect(names.filter((name) => !notice.includes(name))).toEqual([])
  expect(existsSync(packagePath('src/embedded', topic, 'SOURCE.md'))).toBe(true)
})

it('every file and folder that NOTICE names is there', () => {
  // src/chem/oracles/{http,remote}.ts stands for two files, selfies*.ts for several
  const named = [...notice.matchAll(/\b(?:src|test|scripts)\/[\w/.*{},-]+/g)].flatMap(([text]) => {
    const path = text.replace(/[,.]$/, '')
    const list = /^(.*)\{(.*)\}(.*)$/.exec(path)
    return list === null ? [path] : list[2]!.split(',').map((name) => `${list[1]}${name}${list[3]}`)
  })
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter((path) => !existsSync(packagePath(path.replace(/selfies\*/, 'selfies'))))).toEqual([])
})

it('the texts of the licences are there, and packed', () => {
  const { files, license } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
    files: string[]
    license: string
  }
  expect(license).toBe('Apache-2.0')
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE', 'src']))
  expect(readFileSync(packagePath('LICENSE'), 'utf8')).toContain('Version 2.0, January 2004')
  expect(readFileSync(packagePath('src/embedded/chem/LICENSE.functional-groups'), 'utf8')).toContain(
    'GNU LESSER GENERAL PUBLIC LICENSE',
  )
  for (const text of [
    'Permission is hereby granted, free of charge',
    'Redistribution and use in source and binary forms',
  ])
    expect(notice).toContain(text)
})
