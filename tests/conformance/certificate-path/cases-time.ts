import { encodeDer } from '../../../packages/pki/src/der.ts'
import { days, now, seconds } from './mint.ts'
import { casesOf, chain, type PathCase } from './path-case.ts'

const moment = 'true for one second only'
const utc = (text: string) => encodeDer(0x17, Buffer.from(text))
const general = (text: string) => encodeDer(0x18, Buffer.from(text))
const digits = (date: Date) => date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')

/** Validity, both ends included (RFC 5280 section 4.1.2.5), of leaf, intermediate and anchor. */
export const timeCases: readonly PathCase[] = [
  ...casesOf('RFC 5280 4.1.2.5, 6.1.3(a)(2): validity', [
    ['leaf in its first second', 'accepted', () => chain({ from: now })],
    ['leaf a second before its first', 'VAL_NOT_YET', () => chain({ from: seconds(1) }), moment],
    ['leaf in the second before its last', 'accepted', () => chain({ until: seconds(1) }), moment],
    ['leaf in its last second', 'VAL_EXPIRED', () => chain({ until: now }), moment],
    ['leaf a second after its last', 'VAL_EXPIRED', () => chain({ until: seconds(-1) })],
    ['leaf of tomorrow', 'VAL_NOT_YET', () => chain({ from: days(1) })],
    ['intermediate in its first second', 'accepted', () => chain({}, { from: now })],
    [
      'intermediate a second before its first',
      'VAL_NOT_YET',
      () => chain({}, { from: seconds(1) }),
      moment,
    ],
    [
      'intermediate in the second before its last',
      'accepted',
      () => chain({}, { until: seconds(1) }),
      moment,
    ],
    [
      'intermediate in its last second',
      'VAL_ISSUER_EXPIRED',
      () => chain({}, { until: now }),
      moment,
    ],
    [
      'intermediate a second after its last',
      'VAL_ISSUER_EXPIRED',
      () => chain({}, { until: seconds(-1) }),
    ],
    ['intermediate of tomorrow', 'VAL_NOT_YET', () => chain({}, { from: days(1) })],
    ['root in its first second', 'accepted', () => chain({}, {}, { from: now })],
    [
      'root a second before its first',
      'VAL_NOT_YET',
      () => chain({}, {}, { from: seconds(1) }),
      moment,
    ],
    [
      'root in the second before its last',
      'accepted',
      () => chain({}, {}, { until: seconds(1) }),
      moment,
    ],
    ['root in its last second', 'VAL_ISSUER_EXPIRED', () => chain({}, {}, { until: now }), moment],
    [
      'root a second after its last',
      'VAL_ISSUER_EXPIRED',
      () => chain({}, {}, { until: seconds(-1) }),
    ],
    ['root of tomorrow', 'VAL_NOT_YET', () => chain({}, {}, { from: days(1) })],
    [
      'leaf that outlives its issuer, both valid',
      'accepted',
      () => chain({ until: days(900) }, { until: days(800) }),
    ],
    [
      'leaf that began before its issuer, both valid',
      'accepted',
      () => chain({ from: days(-90) }, { from: days(-80) }),
    ],
    [
      'leaf that ends before it begins',
      'VAL_EXPIRED',
      () => chain({ from: days(-1), until: days(-2) }),
    ],
  ]),
  ...casesOf('RFC 5280 4.1.2.5: form of times', [
    ['end in the year 9999', 'accepted', () => chain({ until: general('99991231235959Z') })],
    [
      'GeneralizedTime for a year before 2050',
      'accepted',
      () => chain({ until: general(`${digits(days(300))}Z`) }),
    ],
    [
      'UTCTime without seconds',
      'unreadable',
      () => chain({ until: utc(`${digits(days(300)).slice(2, 12)}Z`) }),
    ],
    [
      'UTCTime with a zone',
      'unreadable',
      () => chain({ until: utc(`${digits(days(300)).slice(2)}+0100`) }),
    ],
    [
      'GeneralizedTime with a fraction',
      'unreadable',
      () => chain({ until: general(`${digits(days(300))}.5Z`) }),
    ],
    ['the 30th of February', 'unreadable', () => chain({ until: general('20360230000000Z') })],
  ]),
]
