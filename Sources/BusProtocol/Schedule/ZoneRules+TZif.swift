// A TZif file (RFC 8536), version 2 or later; all numbers are big-endian:
//
// | bytes | what                                                                                              |
// |-------|---------------------------------------------------------------------------------------------------|
// | 44    | header: "TZif", version, 15 unused, and six counts of 4: isut, isstd, leap, time, type, char       |
// | …     | the data of version 1, with times of 4 bytes; passed over                                         |
// | 44    | header again                                                                                      |
// | 8 × n | times at which the clock is moved, ascending                                                      |
// | n     | for each of them, which type holds from then on                                                   |
// | 6 × m | types: offset from UTC in 4 bytes, whether it is summer time, where its name is                   |
// | …     | names, leap seconds (12 each), and two lists of flags                                             |
// | …     | "\n", a rule for all time behind the last change as POSIX's TZ writes it, "\n"                    |

extension ZoneRules {
  /// The largest file that is read; the largest of tzdata has about 4 kB.
  public static let maximumByteCount = 1 << 18

  /// Reads a TZif file of version 2 or later. Bytes that contradict themselves are refused.
  public init(name: String, tzif bytes: [UInt8]) throws(ScheduleError) {
    var reader = ZoneBytes(name: name, bytes: bytes)
    guard bytes.count <= ZoneRules.maximumByteCount else { throw reader.fault("it is too large") }
    let old = try reader.header()
    guard old.version >= UInt8(ascii: "2") else { throw reader.fault("it is of version 1, which ends in 2037") }
    try reader.skip(old.byteCount(ofTime: 4))
    let counts = try reader.header()
    guard counts.leap == 0 else { throw reader.fault("it counts leap seconds, as zones under right/ do") }
    guard counts.type > 0 else { throw reader.fault("it has no type") }
    let times = try reader.times(counts.time)
    let indices = try reader.take(counts.time)
    let offsets = try reader.offsets(counts.type)
    try reader.skip(counts.char + counts.isStandard + counts.isUniversal)
    var changes: [Change] = []
    for (time, index) in zip(times, indices) {
      guard Int(index) < offsets.count else { throw reader.fault("a change has a type that is not there") }
      guard changes.last.map({ $0.at < time }) ?? true else { throw reader.fault("its changes are out of order") }
      changes.append(Change(at: time, offset: offsets[Int(index)]))
    }
    self.init(name: name, changes: changes, firstOffset: offsets[0], footer: try reader.footer())
  }
}

private struct ZoneBytes {
  let name: String
  let bytes: [UInt8]
  var position = 0

  struct Header {
    var version: UInt8
    var isUniversal, isStandard, leap, time, type, char: Int

    /// How many bytes follow with times of so many.
    func byteCount(ofTime size: Int) -> Int {
      time * size + time + type * 6 + char + leap * (size + 4) + isStandard + isUniversal
    }
  }

  init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  func fault(_ problem: String) -> ScheduleError {
    ScheduleError(
      text: name, problem: "the zone's file cannot be used: \(problem)", help: "install the package tzdata again")
  }

  mutating func take(_ count: Int) throws(ScheduleError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw fault("it ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func skip(_ count: Int) throws(ScheduleError) { _ = try take(count) }

  private mutating func number(_ count: Int) throws(ScheduleError) -> UInt64 {
    try take(count).reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func header() throws(ScheduleError) -> Header {
    guard try take(4).elementsEqual("TZif".utf8) else { throw fault("it is no TZif file") }
    let version = try take(1).first ?? 0
    try skip(15)
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(try count()) }
    return Header(
      version: version, isUniversal: counts[0], isStandard: counts[1], leap: counts[2], time: counts[3],
      type: counts[4], char: counts[5])
  }

  /// Of something that has at least a byte, so that nothing is reserved that the file cannot hold.
  private mutating func count() throws(ScheduleError) -> Int {
    let count = Int(try number(4))
    guard count <= bytes.count else { throw fault("a count is larger than the file") }
    return count
  }

  mutating func times(_ count: Int) throws(ScheduleError) -> [Int64] {
    var times: [Int64] = []
    for _ in 0..<count {
      let time = Int64(bitPattern: try number(8))
      // Far beyond every calendar; what is added to it must not overflow.
      guard abs(time / 2) < 1 << 58 else { throw fault("a change is too far away") }
      times.append(time)
    }
    return times
  }

  mutating func offsets(_ count: Int) throws(ScheduleError) -> [Int64] {
    var offsets: [Int64] = []
    for _ in 0..<count {
      let offset = Int64(Int32(truncatingIfNeeded: try number(4)))
      guard (-89_999...93_599).contains(offset) else { throw fault("an offset is more than a day") }
      offsets.append(offset)
      try skip(2)
    }
    return offsets
  }

  mutating func footer() throws(ScheduleError) -> ZoneFooter? {
    guard try take(1).first == UInt8(ascii: "\n") else { throw fault("it has no line at its end") }
    let line = bytes[position...].prefix { $0 != UInt8(ascii: "\n") }
    try skip(line.count + 1)
    guard !line.isEmpty else { return nil }
    guard let footer = ZoneFooter(line) else { throw fault("the rule at its end is not one of POSIX") }
    return footer
  }
}
