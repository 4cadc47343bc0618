import { describe, expect, it } from 'vitest'
import { checkAccess } from '../../../src/serve/access.ts'
import type { HttpProblem } from '../../../src/serve/problem.ts'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
function refusal(authorization: string | undefined, token = 'pass:wörd'): [string, string] | null {
  try {
    checkAccess(authorization === undefined ? {} : { authorization }, token)
    return null
  } catch (error) {
    const { status, message, headers } = error as HttpProblem
    expect(status).toBe(401)
    return [message, headers['WWW-Authenticate']!]
  }
}
const BASIC = 'Basic realm="serve-rewards", charset="UTF-8"'

describe('the token', () => {
  it.each([
    ['as bearer token', 'Bearer pass:wörd'],
    ['in small letters', 'bearer pass:wörd'],
    ['as the password of anyone', basic('x:pass:wörd')],
    ['without a name', basic(':pass:wörd')],
    ['as a password in Latin-1', `Basic ${Buffer.from('x:pass:wörd', 'latin1').toString('base64')}`],
    ['as a bearer token in UTF-8', `Bearer ${Buffer.from('pass:wörd').toString('latin1')}`],
    ['of a scheme in small letters', basic('x:pass:wörd').replace('Basic', 'basic')],
  ])('is taken %s', (_, authorization) => {
    expect(refusal(authorization)).toBeNull()
  })
  it.each([
    ['nothing', undefined, 'Not authenticated', 'Bearer'],
    ['an empty header', '', 'Not authenticated', 'Bearer'],
    ['another scheme', 'Digest username="x"', 'Not authenticated', 'Bearer'],
    ['a wrong token', 'Bearer pass:word', 'Incorrect bearer token', 'Bearer'],
    ['a wrong password', basic('x:pass'), 'Incorrect password', BASIC],
    ['the token as the name', basic('pass:wörd:'), 'Incorrect password', BASIC],
    ['an empty password', basic('x:'), 'Incorrect password', BASIC],
    ['no colon', basic('pass'), 'Not authenticated', 'Bearer'],
    ['no Base64', 'Basic ???', 'Not authenticated', 'Bearer'],
    [
      'the Base64 of the token as bearer',
      `Bearer ${basic('x:pass:wörd').slice(6)}`,
      'Incorrect bearer token',
      'Bearer',
    ],
  ])('is missed: %s', (_, authorization, message, challenge) => {
    expect(refusal(authorization)).toEqual([message, challenge])
  })
})
