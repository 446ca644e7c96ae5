import { expect, test } from 'vitest'
import { compileRange } from '#shared/address.ts'
import { blockOf, blocksOf, blockText, canBeGiven, coverOf, highestFree, lowestFree } from './blocks.ts'

const range = (start: string, end: string) => compileRange({ start, end })

test.each([
  ['172.16.8.0', '172.16.10.255', ['172.16.8.0/23', '172.16.10.0/24']],
  ['172.16.11.0', '172.16.11.127', ['172.16.11.0/25']],
  ['10.0.0.3', '10.0.0.8', ['10.0.0.3/32', '10.0.0.4/30', '10.0.0.8/32']],
  ['0.0.0.0', '255.255.255.255', ['0.0.0.0/0']],
  ['255.255.255.255', '255.255.255.255', ['255.255.255.255/32']],
])('%s-%s consists of %s', (start, end, blocks) => {
  expect(blocksOf(range(start, end)).map(blockText)).toEqual(blocks)
})

test.each([
  ['10.0.0.1', '10.0.0.255', '10.0.0.0/24'],
  ['172.16.8.0', '172.16.10.255', '172.16.8.0/22'],
  ['10.0.0.7', '10.0.0.7', '10.0.0.7/32'],
  ['10.0.0.0', '192.168.0.0', '0.0.0.0/0'],
])('%s-%s is covered by %s', (start, end, block) => {
  expect(blockText(coverOf(range(start, end)))).toBe(block)
})

test('a host has neither the first nor the last address of its network', () => {
  const block = blockOf('172.16.10.0/24')
  expect(['172.16.10.0', '172.16.10.1', '172.16.10.254', '172.16.10.255'].map((one) => canBeGiven(block, one))).toEqual(
    [false, true, true, false],
  )
})

test('free addresses are found from both ends, and told when there are none left', () => {
  const block = blockOf('10.0.0.0/29')
  expect(highestFree(block, new Set(['10.0.0.5']), 3)).toEqual(['10.0.0.6', '10.0.0.4', '10.0.0.3'])
  expect(highestFree(block, new Set(['10.0.0.5']), 6)).toBeUndefined()
  expect(lowestFree(block, new Set(['10.0.0.1']), 1)).toBe('10.0.0.2')
  expect(lowestFree(block, new Set(['10.0.0.6']), 6)).toBeUndefined()
})
