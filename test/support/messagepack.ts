/**
 * A MessagePack reader written by hand from the specification, to check the library against. It keeps
 * what a canonical form is about: the family and width of every value.
 */
export type Value =
  | { is: 'nil' }
  | { is: 'boolean'; value: boolean }
  | { is: 'integer'; value: number; widthBytes: number }
  | { is: 'float'; value: number }
  | { is: 'text'; value: string; headBytes: number }
  | { is: 'binary'; value: Buffer; headBytes: number }
  | { is: 'array'; items: Value[]; headBytes: number }
  | { is: 'map' }
  | { is: 'extension' }

/** The value, and whether anything is left behind it. */
export function readMessagePack(bytes: Buffer): { value: Value; leftBytes: number } {
  let at = 0
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('the bytes end in the middle of a value')
    at += count
    return bytes.subarray(at - count, at)
  }
  const unsigned = (width: number): number => Number(BigInt(`0x${take(width).toString('hex')}`))
  const signed = (width: number): number =>
    Number(BigInt.asIntN(width * 8, BigInt(`0x${take(width).toString('hex')}`)))
  const array = (count: number, headBytes: number): Value => ({
    is: 'array',
    headBytes,
    items: Array.from({ length: count }, () => next()),
  })
  const text = (length: number, headBytes: number): Value => ({
    is: 'text',
    headBytes,
    value: take(length).toString('utf8'),
  })

  function next(): Value {
    const head = unsigned(1)
    if (head <= 0x7f) return { is: 'integer', value: head, widthBytes: 1 }
    if (head >= 0xe0) return { is: 'integer', value: head - 256, widthBytes: 1 }
    if (head <= 0x8f) return { is: 'map' }
    if (head <= 0x9f) return array(head & 0x0f, 1)
    if (head <= 0xbf) return text(head & 0x1f, 1)
    switch (head) {
      case 0xc0:
        return { is: 'nil' }
      case 0xc2:
      case 0xc3:
        return { is: 'boolean', value: head === 0xc3 }
      case 0xc4:
      case 0xc5:
      case 0xc6: {
        const width = 1 << (head - 0xc4)
        return { is: 'binary', headBytes: 1 + width, value: take(unsigned(width)) }
      }
      case 0xca:
        return { is: 'float', value: take(4).readFloatBE(0) }
      case 0xcb:
        return { is: 'float', value: take(8).readDoubleBE(0) }
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf: {
        const width = 1 << (head - 0xcc)
        return { is: 'integer', value: unsigned(width), widthBytes: 1 + width }
      }
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3: {
        const width = 1 << (head - 0xd0)
        return { is: 'integer', value: signed(width), widthBytes: 1 + width }
      }
      case 0xd9:
      case 0xda:
      case 0xdb: {
        const width = 1 << (head - 0xd9)
        return text(unsigned(width), 1 + width)
      }
      case 0xdc:
        return array(unsigned(2), 3)
      case 0xdd:
        return array(unsigned(4), 5)
      case 0xde:
      case 0xdf:
        return { is: 'map' }
      default:
        return { is: 'extension' }
    }
  }
  const value = next()
  return { value, leftBytes: bytes.length - at }
}

/** Bytes that an integer takes in its shortest form. */
function shortestWidth(value: number): number {
  if (value >= -32 && value <= 127) return 1
  if (value >= 0) return value <= 0xff ? 2 : value <= 0xffff ? 3 : value <= 0xffff_ffff ? 5 : 9
  return value >= -128 ? 2 : value >= -32_768 ? 3 : value >= -2_147_483_648 ? 5 : 9
}

/** What is not canonical in a value, as sentences. */
export function faultsOf(value: Value, path = '$'): string[] {
  switch (value.is) {
    case 'integer':
      return value.widthBytes === shortestWidth(value.value)
        ? []
        : [`${path}: ${value.value} in ${value.widthBytes} bytes`]
    case 'array': {
      const { headBytes, items } = value
      const shortest = items.length <= 15 ? 1 : items.length <= 0xffff ? 3 : 5
      const own =
        headBytes === shortest ? [] : [`${path}: an array of ${items.length} with ${headBytes} bytes`]
      return [...own, ...items.flatMap((item, i) => faultsOf(item, `${path}[${i}]`))]
    }
    case 'float':
    case 'map':
    case 'extension':
    case 'boolean':
      return [`${path}: ${value.is}`]
    default:
      return []
  }
}

/** Plain JSON of a value, binary as `hex:…`, to compare with a published vector. */
export function plain(value: Value): unknown {
  switch (value.is) {
    case 'nil':
      return null
    case 'array':
      return value.items.map(plain)
    case 'binary':
      return `hex:${value.value.toString('hex')}`
    case 'map':
    case 'extension':
      return value.is
    default:
      return value.value
  }
}
