internal import BusProtocol

// The file HEAD ("BUSHED01"), after the log id: offset u64. It is written after a seal and never says more than is on
// disk, so it needs no sync: an old one is weaker, not wrong.

/// How far a log is known to go: the witness that its end was not lost on a boundary between records.
struct HeadMark: Hashable, Sendable {
  private static let magic: UInt64 = 0x3130_4445_4853_5542

  var log: LogID
  var offset: Offset

  init(log: LogID, offset: Offset) {
    self.log = log
    self.offset = offset
  }

  init?(_ bytes: [UInt8]) {
    guard var reader = SideFileReader(bytes, magic: HeadMark.magic), let offset = reader.offset() else { return nil }
    self.init(log: reader.log, offset: offset)
  }

  var bytes: [UInt8] {
    var writer = SideFileWriter(log: log)
    writer.put(offset.rawValue)
    return writer.bytes(magic: HeadMark.magic)
  }
}
