internal import BusProtocol

// Hostile bytes for everything that reads bytes. The first byte says which reader gets the rest. A reader may refuse;
// what it accepts has to come back the same from what it writes. A trap ends the process, and libFuzzer keeps the bytes.
//
// SWIFT_BACKTRACE=enable=no .build/fuzz/release/BusFuzz -max_total_time=60 CORPUS

/// The entry that libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = bytes.first else { return 0 }
  let readers = Reader.allCases
  readers[Int(first) % readers.count].read(Array(bytes.dropFirst()))
  return 0
}

/// What reads bytes from outside.
private enum Reader: CaseIterable {
  case record, forgedRecord, records, headers, json, request, reply, live, timestamp, identifier, pattern, trace, job,
    filter, packedRequest, packedReply

  func read(_ bytes: [UInt8]) {
    do {
      switch self {
      case .record: try readRecord(bytes)
      case .forgedRecord: try readRecord(Forgery.record(bytes))
      case .records: try readRecords(bytes)
      case .headers: try readHeaders(bytes)
      case .json: try readJSON(bytes)
      case .request: try readRequest(bytes)
      case .reply: try readReply(bytes)
      case .live: try readLive(bytes)
      case .timestamp: try readTimestamp(text(bytes))
      case .identifier: try readIdentifier(text(bytes))
      case .pattern: try readPattern(bytes)
      case .trace: try readTrace(text(bytes))
      case .job: try readJob(bytes)
      case .filter: try readFilter(text(bytes))
      case .packedRequest: try readPackedRequest(bytes)
      case .packedReply: try readPackedReply(bytes)
      }
    } catch {
      // Refused, with a reason that fits on a screen.
      require(error.message.utf8.count < 2000, "an error has a length that an attacker chooses")
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

private func require(_ condition: Bool, _ what: StaticString) {
  if !condition { preconditionFailure("\(what)") }
}

private func readRecord(_ bytes: [UInt8]) throws(ProtocolError) {
  let event: Event
  do {
    event = try Record.event(bytes)
  } catch {
    require((try? Record.check(bytes, at: 0)) == nil, "a record is checked that cannot be read")
    throw error
  }
  _ = try Record.check(bytes, at: 0)
  // Unknown and repeated headers are not written again, so the bytes may differ; the event may not.
  var again: [UInt8] = []
  try Record.append(event, to: &again)
  require(try Record.event(again) == event, "an event changes on its way")
  require(!event.cloudEvent.bytes.isEmpty, "an event has no JSON")
}

private func readRecords(_ bytes: [UInt8]) throws(ProtocolError) {
  var whole = Forgery.record(bytes)
  whole += Forgery.record(Array(bytes.reversed()))
  for event in try Record.events(whole) { _ = event.cloudEvent }
}

private func readHeaders(_ bytes: [UInt8]) throws(ProtocolError) {
  let headers = try EventHeaders(bytes[...])
  var again: [UInt8] = []
  try headers.append(to: &again)
  require(try EventHeaders(again[...]) == headers, "headers change on their way")
}

private func readJSON(_ bytes: [UInt8]) throws(ProtocolError) {
  let value = try JSONParser.parse(bytes)
  require(try JSONParser.parse(value.bytes) == value, "JSON changes on its way")
  _ = LockKey(value).text(workerNamespace: "w")
}

private func readRequest(_ bytes: [UInt8]) throws(ProtocolError) {
  let request = try Request(frames: Forgery.frames(bytes, of: Forgery.requestVerbs))
  require(try Request(frames: request.frames) == request, "a request changes on its way")
}

private func readReply(_ bytes: [UInt8]) throws(ProtocolError) {
  let reply = try Reply(frames: Forgery.frames(bytes, of: Forgery.replyVerbs))
  require(try Reply(frames: reply.frames) == reply, "a reply changes on its way")
}

private func readPackedRequest(_ bytes: [UInt8]) throws(ProtocolError) {
  let request = try Request(frames: Forgery.packedFrames(bytes, of: Forgery.packedRequestVerbs))
  require(try Request(frames: request.frames(isPacked: true)) == request, "a packed request changes on its way")
}

private func readPackedReply(_ bytes: [UInt8]) throws(ProtocolError) {
  let reply = try Reply(frames: Forgery.packedFrames(bytes, of: Forgery.packedReplyVerbs))
  require(try Reply(frames: reply.frames(isPacked: true)) == reply, "a packed reply changes on its way")
}

private func readLive(_ bytes: [UInt8]) throws(ProtocolError) {
  let message = try LiveMessage(frames: Forgery.frames(bytes, of: ["~mark", "user_changed"]))
  require(try LiveMessage(frames: message.frames) == message, "a live message changes on its way")
  if case .events(_, let records) = message { _ = try Record.events(records) }
}

private func readTimestamp(_ text: String) throws(ProtocolError) {
  let time = try Timestamp(text)
  require(try Timestamp(time.description) == time, "a time changes on its way")
}

private func readIdentifier(_ text: String) throws(ProtocolError) {
  let id = try EventID(text)
  require(try EventID(id.description) == id, "an id changes on its way")
  _ = id.time?.description
}

private func readPattern(_ bytes: [UInt8]) throws(ProtocolError) {
  let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  let pattern = try TopicPattern(String(decoding: parts[0], as: UTF8.self))
  let topic = try Topic(parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "user_changed")
  require(TopicFilter([pattern]).wants(topic) == pattern.matches(topic), "pattern and filter disagree")
}

private func readTrace(_ text: String) throws(ProtocolError) {
  if let trace = try? TraceContext(text) {
    require(try TraceContext(trace.description) == trace, "a trace changes on its way")
  }
  _ = try? QueueName(text)
  let cause = try Causation(text)
  require(try Causation(cause.text) == cause, "a cause changes on its way")
}

private func readFilter(_ text: String) throws(ProtocolError) {
  do {
    let filter = try Filter(text)
    let long = filter.description
    if long.utf8.count <= Filter.maximumByteCount {
      require((try? Filter(long)) == filter, "a filter changes on its way")
    }
    for kind in FilterKind.allCases {
      let bound = try filter.bound(to: kind, at: Timestamp(microseconds: 0))
      let passes = bound.matches(filterSubject)
      require(
        try Filter("not (\(filter))").bound(to: kind, at: Timestamp(microseconds: 0)).matches(filterSubject) != passes,
        "a filter is neither true nor false")
    }
  } catch {
    // The depth is the one bound that the negation may break.
    throw ProtocolError(.badMessage, error.description)
  }
}

private let filterSubject = EventSubject(
  Event(
    id: EventID(high: 1, low: 2), topic: "user_changed", data: Array(#"{"id":42,"n":{"a":[1.5,null,"x"]}}"#.utf8),
    time: Timestamp(microseconds: 0)))

private func readJob(_ bytes: [UInt8]) throws(ProtocolError) {
  let json = try JSONParser.parse(bytes)
  if let policy = try? RetryPolicy(json: json) { _ = policy.delay(afterAttempt: bytes.count, chance: 0.7) }
  _ = try? EngineDeclaration(json: json)
  let job = try Job(json: json)
  require(try Job(json: job.json) == job, "a job changes on its way")
}
