import BusProtocol

@testable import BusSpool

/// The records of a segment as they stand in its file.
struct StoredSegment {
  struct Part {
    var record: StoredRecord
    var start: Int
    /// What stands behind it is padding.
    var contentEnd: Int

    var isShort: Bool { if case .short = record { true } else { false } }
  }

  let header: SegmentHeader
  private(set) var parts: [Part] = []
  /// Where each record begins, and the end.
  private(set) var starts = [SegmentHeader.byteCount]

  var shortCount: Int { parts.count { $0.isShort } }

  /// Reads the records' first bytes, all of which have to be as they were written.
  init(_ bytes: [UInt8]) throws {
    guard let header = SegmentHeader(bytes.span.bytes) else { throw ProtocolError(.badRecord, "no segment") }
    self.header = header
    var start = SegmentHeader.byteCount
    while start < bytes.count {
      let record = try SegmentDecoder(header).record(bytes.span.bytes, at: start)
      let contentEnd =
        switch record {
        case .whole(let header): start + RecordHeader.byteCount + header.bodyByteCount
        case .short(let header): start + ShortRecord.byteCount + header.tailByteCount
        }
      parts.append(Part(record: record, start: start, contentEnd: contentEnd))
      start += record.byteCount
      starts.append(start)
    }
  }

  /// The same records under another salt: what a file that is used again may hold behind its end.
  func resalted(_ bytes: [UInt8], _ salt: UInt32) -> [UInt8] {
    var (bytes, other) = (bytes, header)
    other.salt = salt
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    for part in parts {
      switch part.record {
      case .whole(let record): record.write(to: &raw, at: part.start, salt: salt)
      case .short(let record): record.write(to: &raw, at: part.start, of: other)
      }
    }
    return bytes
  }
}
