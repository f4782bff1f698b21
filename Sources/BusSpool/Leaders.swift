internal import BusProtocol

/// A whole record that short ones lean on.
struct Leader: Sendable {
  // Where in a record in the form of the wire the numbers are that a short one gives as differences.
  static let sequencePlace = 32
  static let recordedAtPlace = 40
  static let publisherPlace = RecordHeader.byteCount + 16
  static let publisherSequencePlace = RecordHeader.byteCount + 32
  static let timePlace = RecordHeader.byteCount + 40
  static let topicPlace = RecordHeader.byteCount + RecordHeader.eventPrefixByteCount

  /// Zero where there is none.
  private(set) var offset = Offset.zero
  /// Its first bytes in the form of the wire, up to its data; the header's checksum may be another's.
  private(set) var bytes: [UInt8] = []

  // What stands in the bytes: to look there costs more than all else of a short record's header.
  private(set) var topicByteCount = 0
  private(set) var headersByteCount = 0
  private(set) var sequence: UInt64 = 0
  private(set) var recordedAt: UInt64 = 0
  private(set) var publisherSequence: UInt64 = 0
  private(set) var time: UInt64 = 0

  var topic: ArraySlice<UInt8> { bytes[Leader.topicPlace..<Leader.topicPlace + topicByteCount] }

  mutating func take(_ record: [UInt8], at start: Int) {
    let facts = record.span.bytes
    offset = Offset(facts.littleEndian(UInt64.self, at: start + 16))
    topicByteCount = Int(facts.littleEndian(UInt16.self, at: start + 50))
    headersByteCount = Int(facts.littleEndian(UInt16.self, at: start + 52))
    sequence = facts.littleEndian(UInt64.self, at: start + Leader.sequencePlace)
    recordedAt = facts.littleEndian(UInt64.self, at: start + Leader.recordedAtPlace)
    publisherSequence = facts.littleEndian(UInt64.self, at: start + Leader.publisherSequencePlace)
    time = facts.littleEndian(UInt64.self, at: start + Leader.timePlace)
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: record[start..<start + Leader.topicPlace + topicByteCount + headersByteCount])
  }

  mutating func forget() { offset = .zero }

  /// Whether a record in the form of the wire is of the same publisher and topic.
  func leads(_ record: borrowing RawSpan, at start: Int) -> Bool {
    let (own, topicByteCount) = (bytes.span.bytes, self.topicByteCount)
    return Int(record.littleEndian(UInt16.self, at: start + 50)) == topicByteCount
      && record.matches(own, at: start + Leader.publisherPlace, and: Leader.publisherPlace, upTo: 16) == 16
      && record.matches(own, at: start + Leader.topicPlace, and: Leader.topicPlace, upTo: topicByteCount)
        == topicByteCount
  }

  /// How many bytes of the headers of a record that it leads are the same as its own.
  func sharedHeaders(with record: borrowing RawSpan, at start: Int) -> Int {
    let place = Leader.topicPlace + topicByteCount
    let count = min(headersByteCount, Int(record.littleEndian(UInt16.self, at: start + 52)))
    return record.matches(bytes.span.bytes, at: start + place, and: place, upTo: count)
  }
}

/// The leaders that a short record may name: of each offset modulo 64 the last whole record, if it is not too long.
///
/// A writer forgets them where a search may begin, so that who begins there has passed all that are named behind it.
struct Leaders: Sendable {
  static let count = 64
  /// Longer records lead nobody: whoever passes a leader checks all of its body, and must not pay for it.
  static let maximumRecordByteCount = 4096

  private var slots = [Leader](repeating: Leader(), count: Leaders.count)
  /// For a writer: where the last leader of a publisher and topic stands, by their checksum.
  private var places = [UInt8](repeating: 0, count: 256)
  private var lastPlace = 0

  static func place(of offset: Offset) -> Int { Int(truncatingIfNeeded: offset.rawValue) & (count - 1) }

  /// The place of the leader with this offset; nil where there is none.
  func place(of leader: Offset) -> Int? {
    let place = Leaders.place(of: leader)
    return slots[place].offset == leader && leader > .zero ? place : nil
  }

  subscript(place: Int) -> Leader { _read { yield slots[place] } }

  mutating func forgetAll() {
    for place in slots.indices { slots[place].forget() }
  }

  /// Takes a whole event of which all was checked. It stands in the form of the wire, but for the header's checksum.
  mutating func take(_ record: [UInt8], at start: Int, byteCount: Int) {
    let place = Leaders.place(of: Offset(record.span.bytes.littleEndian(UInt64.self, at: start + 16)))
    guard byteCount <= Leaders.maximumRecordByteCount else { return slots[place].forget() }
    slots[place].take(record, at: start)
  }

  /// Forgets the one whose place a whole event has that cannot lead.
  mutating func forget(placeOf offset: Offset) { slots[Leaders.place(of: offset)].forget() }

  // MARK: For a writer

  /// The place of a leader of this record's publisher and topic; nil where there is none.
  mutating func place(leading record: borrowing RawSpan, at start: Int) -> Int? {
    if slots[lastPlace].offset > .zero, slots[lastPlace].leads(record, at: start) { return lastPlace }
    let place = Int(places[Leaders.key(record, at: start)])
    guard slots[place].offset > .zero, slots[place].leads(record, at: start) else { return nil }
    lastPlace = place
    return place
  }

  /// Takes a whole event, so that it is found for those that follow.
  mutating func takeToWrite(_ record: [UInt8], at start: Int, byteCount: Int) {
    take(record, at: start, byteCount: byteCount)
    lastPlace = Leaders.place(of: Offset(record.span.bytes.littleEndian(UInt64.self, at: start + 16)))
    places[Leaders.key(record.span.bytes, at: start)] = UInt8(lastPlace)
  }

  private static func key(_ record: borrowing RawSpan, at start: Int) -> Int {
    let topicByteCount = Int(record.littleEndian(UInt16.self, at: start + 50))
    let publisher = start + Leader.publisherPlace
    let topic = start + Leader.topicPlace
    let seed = Checksum.crc32c(record.extracting(publisher..<publisher + 16))
    return Int(Checksum.crc32c(record.extracting(topic..<topic + topicByteCount), seed: seed) & 0xFF)
  }
}

extension RawSpan {
  /// How many of the first bytes from a place on are the same as in another span; both have as many as are asked for.
  func matches(_ other: borrowing RawSpan, at start: Int, and otherStart: Int, upTo count: Int) -> Int {
    var index = 0
    while index + 8 <= count {
      let difference =
        littleEndian(UInt64.self, at: start + index) ^ other.littleEndian(UInt64.self, at: otherStart + index)
      guard difference == 0 else { return index + difference.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count,
      littleEndian(UInt8.self, at: start + index) == other.littleEndian(UInt8.self, at: otherStart + index)
    {
      index += 1
    }
    return index
  }
}
