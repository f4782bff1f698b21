internal import BusProtocol

extension FuzzTarget {
  static let recordTargets = [
    // The first byte says whether the checksums are made right.
    FuzzTarget("record", seeds: { try FuzzSeeds.events.map { [1] + (try record($0)) } }) { bytes in
      try readRecord(forged(bytes))
    },
    FuzzTarget("records", seeds: { [[1] + (try FuzzSeeds.events.flatMap(record))] }) { bytes in
      let records = forged(bytes)
      for event in try Record.events(records) { try require(!event.cloudEvent.bytes.isEmpty, "an event has no JSON") }
      var start = 0
      while start < records.count {
        let header = try RecordHeader(records.span.bytes, at: start)
        if header.kind == .event { _ = Record.topicBytes(records, at: start, header: header) }
        start += header.recordByteCount
      }
    },
    FuzzTarget("headers", seeds: { try FuzzSeeds.events.map { try headers($0.headers) } }) { bytes in
      let read = try EventHeaders(bytes[...])
      try comesBack(read, as: "headers") { try EventHeaders(try headers(read)[...]) }
    },
  ]

  /// The first byte of an input says whether the checksums are made right.
  static func forged(_ bytes: [UInt8]) -> [UInt8] {
    var records = Array(bytes.dropFirst())
    if (bytes.first ?? 0) & 1 == 1 { Forgery.repairRecords(&records) }
    return records
  }

  static func record(_ event: Event) throws -> [UInt8] {
    var bytes: [UInt8] = []
    _ = try Record.append(event, to: &bytes)
    return bytes
  }

  private static func headers(_ headers: EventHeaders) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try headers.append(to: &bytes)
    return bytes
  }

  private static func readRecord(_ bytes: [UInt8]) throws {
    let event: Event
    do {
      event = try Record.event(bytes)
    } catch {
      try require((try? Record.check(bytes, at: 0)) == nil, "a record is checked that cannot be read")
      throw error
    }
    let facts = try succeed("a record is read that is not checked") { try Record.check(bytes, at: 0) }
    try require(facts.publisher == event.publisher, "a record's facts are not its event's")
    // Unknown and repeated headers are not written again, so the bytes may differ; the event may not.
    let written = try succeed("an event that was read cannot be written") { try record(event) }
    try comesBack(event, as: "an event") { try Record.event(written) }
    try require(Record.isSigned(written, at: 0) == (event.headers.signature != nil), "a signature is overlooked")
    if let signature = try Record.event(written).headers.signature {
      let content = try Record.signedContent(of: event, by: signature.signer)
      try require(content == signature.content, "what is signed is not what is checked")
    }
    let line = event.cloudEvent.bytes
    let (publication, data) = try succeed("an event is shown as no CloudEvent") { try CloudEventLine.read(line) }
    try require(publication.topic == event.topic && publication.id == event.id, "a CloudEvent is another event")
    if !event.headers.isJSON { try require(data == event.data, "a CloudEvent has other data") }
  }
}
