/**
 * Watch URLs and durations: the two small texts that people write by hand.
 */
import { probeOfWatch, slugsOfWatch, watchProblem } from '@constat/sla/contract/watch'
import { durationText, parseDuration } from '@constat/sla/duration'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('watch URLs', () => {
  test.each([
    ['https://intranet.example/x?y=1', { kind: 'http', url: 'https://intranet.example/x?y=1' }],
    ['tcp://db.example:5432', { kind: 'tcp', host: 'db.example', port: 5432 }],
    ['tcp://[2001:db8::1]:22', { kind: 'tcp', host: '2001:db8::1', port: 22 }],
    ['tls://mail.example', { kind: 'tls', host: 'mail.example', port: 443 }],
    ['tls://mail.example:465/', { kind: 'tls', host: 'mail.example', port: 465 }],
    ['dns://192.0.2.1/example.org', { kind: 'dns', server: '192.0.2.1', name: 'example.org', type: 'A' }],
    ['dns:///example.org?type=mx', { kind: 'dns', name: 'example.org', type: 'MX' }],
    [
      'dns://ns.example:5353/x?type=AAAA',
      { kind: 'dns', server: 'ns.example:5353', name: 'x', type: 'AAAA' },
    ],
    ['ICMP://gateway', { kind: 'icmp', host: 'gateway', packets: 3 }],
  ])('%s', (url, probe) => {
    expect(probeOfWatch(url)).toEqual(probe)
  })

  test.each([
    '',
    'intranet.example',
    'file:///etc/passwd',
    'tcp://:80',
    'tcp://h:0',
    'tcp://h:65536',
    'icmp://h:1',
    'icmp://h/p',
    'dns://192.0.2.1',
    'dns://s/n?type=ANY',
    'http://',
    'tcp://a b:1',
    'tcp://-h:1',
  ])('%j cannot be watched', (url) => {
    expect(watchProblem(url)).toBeTypeOf('string')
    expect(() => probeOfWatch(url)).toThrow()
  })

  test('slugs are apart, whatever the URLs', () => {
    expect(
      slugsOfWatch(['https://a.example', 'http://a.example/', 'https://a.example#x', 'https://a.example']),
    ).toEqual(['a-example', 'http-a-example', 'a-example-x', 'https-a-example'])
    fc.assert(
      fc.property(fc.array(fc.webUrl(), { maxLength: 20 }), (urls) => {
        const slugs = slugsOfWatch([...urls, ...urls])
        expect(new Set(slugs).size).toBe(slugs.length)
        for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9][a-z0-9-]*$/)
      }),
    )
  })
})

describe('durations', () => {
  test.each([
    ['PT60S', 60_000],
    ['PT0.4S', 400],
    ['P1DT1H', 90_000_000],
    ['P2W', 14 * 86_400_000],
    ['PT0S', 0],
    ['P', undefined],
    ['PT', undefined],
    ['P1M', undefined],
    ['P1Y', undefined],
    ['PT1.0005S', undefined],
    ['PT1H30', undefined],
    ['-PT1S', undefined],
    ['P9999999D', undefined],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  test('text and back', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (ms) => {
        expect(parseDuration(durationText(ms))).toBe(ms)
      }),
    )
  })
})
