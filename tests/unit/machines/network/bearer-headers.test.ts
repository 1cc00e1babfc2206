/** A token that goes by reference is signed when somebody reads it, and not before. */
import { expect, test } from 'vitest';
import { signToken, tokenIn, withToken } from '../../../../src/ground/pki/jwt.ts';
import { newPrivateKey } from '../../../../src/ground/pki/keys.ts';
import { BearerHeaders } from '../../../../src/machines/network/bearer-headers.ts';

function made() {
  const told: string[] = [];
  const token = signToken(newPrivateKey(7, 'sa'), '{"sub":"x"}', (text) => told.push(text));
  const status = withToken(token, { expirationTimestamp: '2026-03-02T10:00:00Z' });
  return { told, token, status };
}

test('a status shows its token, and gives it by reference without a signature', () => {
  const { told, token, status } = made();
  expect(tokenIn(status)).toBe(token);
  expect([tokenIn({ ...status, token: '' }), tokenIn(undefined)]).toEqual([undefined, undefined]);
  expect(Object.keys(status)).toEqual(['token', 'expirationTimestamp']);
  expect(JSON.stringify(status)).toContain(`"token":"${token.text()}"`);
  expect(told).toEqual([token.text()]);
});

test('headers are signed for who reads the authorization or all of them', () => {
  const { told, token } = made();
  const headers = new BearerHeaders(token, new Map([['accept', '*/*']]));
  const more = headers.with(new Map([['accept', 'text/plain']]));
  expect([headers.size, headers.get('accept'), more.get('accept')]).toEqual([
    2,
    '*/*',
    'text/plain',
  ]);
  expect([headers.has('authorization'), headers.get('connection')]).toEqual([true, undefined]);
  expect(more instanceof BearerHeaders && more.token).toBe(token);
  expect(told).toEqual([]);
  expect([...more]).toEqual([
    ['accept', 'text/plain'],
    ['authorization', `Bearer ${token.text()}`],
  ]);
  expect(headers.with(new Map([['authorization', 'Bearer x']])).get('authorization')).toBe(
    'Bearer x',
  );
});
