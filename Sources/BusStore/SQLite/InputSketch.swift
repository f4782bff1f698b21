internal import BusProtocol

/// Which jobs may have a value among their inputs: a Bloom filter for each stretch of the table, in memory.
///
/// Looking for one input in a million jobs would read them all; with the sketch it reads the few stretches that may
/// have it, and what is younger than the last stretch. Nothing is kept on disk and nothing done when a job is kept:
/// whoever asks pays for the jobs that came since somebody asked last, up to a bound.
///
/// A stretch stays right because inputs never change, and a row's number comes again only when all rows behind it are
/// gone: then the stretch's last row is gone, or another one.
struct InputSketch {
  /// Rows behind those of the stretch before, up to and with `lastRow`.
  struct Stretch {
    let lastRow: Int64
    let lastJob: JobID
    fileprivate var bits: [UInt64]

    fileprivate func mayHave(_ needle: UInt64) -> Bool {
      InputSketch.places(of: needle).allSatisfy { bits[$0 >> 6] & 1 << UInt64($0 & 63) != 0 }
    }
  }

  /// A stretch has so many values, each with 16 bits: one in a thousand is taken to be there and is not.
  private static let valuesPerStretch = 1024
  private static let bitCount = 16_384
  private static let longestStretch = 4096
  /// At two KiB each: sixteen million values.
  private static let maximumStretchCount = 16_384

  private(set) var stretches: [Stretch] = []
  private var open = [UInt64](repeating: 0, count: bitCount / 64)
  private var openRowCount = 0
  private var openValueCount = 0

  /// Behind this row nothing is known.
  var lastRow: Int64 { stretches.last?.lastRow ?? 0 }
  var isFull: Bool { stretches.count >= InputSketch.maximumStretchCount }

  /// Forgets the youngest stretch, whose last row is not the one it was.
  mutating func removeLast() { stretches.removeLast() }

  /// Begins with the first row behind the last stretch.
  mutating func begin() {
    open = [UInt64](repeating: 0, count: InputSketch.bitCount / 64)
    openRowCount = 0
    openValueCount = 0
  }

  /// Notes the next row's inputs, as the store writes them.
  mutating func note(_ row: Int64, _ job: JobID, _ inputs: UnsafeBufferPointer<UInt8>) {
    InputSketch.forEachValue(of: inputs) { needle in
      for place in InputSketch.places(of: needle) { open[place >> 6] |= 1 << UInt64(place & 63) }
      openValueCount += 1
    }
    openRowCount += 1
    guard openValueCount >= InputSketch.valuesPerStretch || openRowCount >= InputSketch.longestStretch else { return }
    stretches.append(Stretch(lastRow: row, lastJob: job, bits: open))
    begin()
  }

  /// The rows that may have, for each list, one of its values.
  func rows(thatMayHave needles: [[UInt64]]) -> [ClosedRange<Int64>] {
    var rows: [ClosedRange<Int64>] = []
    var first: Int64 = 1
    for stretch in stretches {
      if needles.allSatisfy({ $0.contains(where: stretch.mayHave) }) { rows.append(first...stretch.lastRow) }
      first = stretch.lastRow + 1
    }
    return rows + [first...Int64.max]
  }

  // MARK: Values

  /// What stands for a member: its name and value as JSON, `"user_id":42`.
  static func needle(_ json: some Collection<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in json { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// Two halves of the mixed hash make as many places as are wanted.
  private static func places(of needle: UInt64) -> some Sequence<Int> {
    var mixed = (needle ^ needle >> 33) &* 0xFF51_AFD7_ED55_8CCD
    mixed ^= mixed >> 33
    let (start, step) = (mixed & 0xFFFF_FFFF, mixed >> 32 | 1)
    return (0..<7).lazy.map { Int(truncatingIfNeeded: (start &+ UInt64($0) &* step) % UInt64(bitCount)) }
  }

  /// Each member with a plain value, however deep: in compact JSON its name, colon and value stand side by side.
  private static func forEachValue(of json: UnsafeBufferPointer<UInt8>, _ body: (UInt64) -> Void) {
    var index = 0
    while index < json.count {
      guard json[index] == UInt8(ascii: "\"") else {
        index += 1
        continue
      }
      let start = index
      index = endOfText(json, from: index)
      guard index + 1 < json.count, json[index] == UInt8(ascii: ":") else { continue }
      index += 1
      let end = endOfValue(json, from: index)
      if end > index { body(needle(json[start..<end])) }
      index = end
    }
  }

  private static func endOfText(_ json: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start + 1
    while index < json.count, json[index] != UInt8(ascii: "\"") {
      index += json[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, json.count)
  }

  /// The start itself for an object or a list. `42.0` ends as `42` does: they are equal.
  private static func endOfValue(_ json: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    if json[start] == UInt8(ascii: "\"") { return endOfText(json, from: start) }
    var end = start
    while end < json.count, !isSign(json[end]) { end += 1 }
    let hasPointZero = end - start > 2 && json[end - 1] == UInt8(ascii: "0") && json[end - 2] == UInt8(ascii: ".")
    return hasPointZero ? end - 2 : end
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"): true
    default: false
    }
  }
}
