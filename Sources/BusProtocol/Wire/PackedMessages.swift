// The packed forms of the messages that every job goes through. All others, and all of those that do not fit, are JSON.

extension Request {
  /// The frames of the message; with `isPacked` those verbs that have a packed form go in it.
  public func frames(isPacked: Bool) -> [[UInt8]] {
    guard isPacked, let (verb, bytes) = try? packed else { return frames }
    return [Array(verb.utf8), bytes]
  }

  private var packed: (verb: String, bytes: [UInt8])? {
    get throws(PackedWriter.DoesNotFit) {
      switch self {
      case .commit(let request, let commit): ("commit", try commit.packed(request: request))
      case .enqueue(let request, let jobs):
        (
          "enqueue",
          try PackedWriter.message(request, jobs, byteCount: 256) { (writer, job) throws(PackedWriter.DoesNotFit) in
            try writer.append(job)
          }
        )
      case .finish(let request, let results):
        (
          "finish",
          try PackedWriter.message(request, results, byteCount: 25) {
            (writer, result) throws(PackedWriter.DoesNotFit) in try writer.append(result)
          }
        )
      default: nil
      }
    }
  }

  /// Reads a packed message; nil for a verb that has none.
  init?(packed bytes: [UInt8], verb: String) throws(ProtocolError) {
    switch verb {
    case "commit":
      var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.jobByteCount)
      self = .commit(request: reader.request, commit: try Commit(&reader))
    case "enqueue":
      var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.jobByteCount)
      let jobs = try reader.entries { (reader) throws(ProtocolError) in try reader.job() }
      self = .enqueue(request: reader.request, jobs: jobs)
    case "finish":
      var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.resultByteCount)
      let results = try reader.entries { (reader) throws(ProtocolError) in try reader.result() }
      self = .finish(request: reader.request, results: results)
    default: return nil
    }
  }

  /// The number of the request in the frames of a message, where they can be read that far.
  package static func number(in frames: [[UInt8]]) -> UInt64? {
    guard frames.count > 1 else { return nil }
    if PackedForm.begins(frames[1]) { return PackedReader.request(in: frames[1]) }
    guard let number = (try? JSONParser.parse(frames[1]))?["request"] else { return nil }
    return UInt64(jsonValue: number)
  }
}

extension Reply {
  /// The frames of the message; with `isPacked` those verbs that have a packed form go in it.
  public func frames(isPacked: Bool) -> [[UInt8]] {
    guard isPacked, let (verb, bytes) = try? packed else { return frames }
    return [Array(verb.utf8), bytes]
  }

  private var packed: (verb: String, bytes: [UInt8])? {
    get throws(PackedWriter.DoesNotFit) {
      switch self {
      case .committed(let request, let outcomes): ("committed", try Reply.packed(request, outcomes))
      case .enqueued(let request, let outcomes): ("enqueued", try Reply.packed(request, outcomes))
      case .jobs(let jobs):
        (
          "jobs",
          try PackedWriter.message(0, jobs, byteCount: 256) { (writer, job) throws(PackedWriter.DoesNotFit) in
            try writer.append(job)
          }
        )
      case .finished(let request, let stale, let ended):
        (
          "finished",
          try PackedWriter.message(request, stale.map { (0, $0) } + ended.map { (1, $0) }, byteCount: 17) {
            (writer, entry: (kind: UInt8, id: JobID)) throws(PackedWriter.DoesNotFit) in
            writer.append(byte: entry.kind)
            writer.append(entry.id)
          }
        )
      default: nil
      }
    }
  }

  private static func packed(
    _ request: UInt64, _ outcomes: [EnqueueOutcome]
  ) throws(PackedWriter.DoesNotFit) -> [UInt8] {
    try PackedWriter.message(request, outcomes, byteCount: 17) { (writer, outcome) throws(PackedWriter.DoesNotFit) in
      try writer.append(outcome)
    }
  }

  /// Reads a packed message; nil for a verb that has none.
  init?(packed bytes: [UInt8], verb: String) throws(ProtocolError) {
    switch verb {
    case "committed":
      let (request, outcomes) = try Reply.outcomes(bytes, verb)
      self = .committed(request: request, outcomes: outcomes)
    case "enqueued":
      let (request, outcomes) = try Reply.outcomes(bytes, verb)
      self = .enqueued(request: request, outcomes: outcomes)
    case "jobs":
      var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.jobByteCount)
      self = .jobs(try reader.entries { (reader) throws(ProtocolError) in try reader.assignment() })
    case "finished": self = try Reply.finished(bytes, verb)
    default: return nil
    }
  }

  private static func outcomes(
    _ bytes: [UInt8], _ verb: String
  ) throws(ProtocolError) -> (UInt64, [EnqueueOutcome]) {
    var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.outcomeByteCount)
    let outcomes = try reader.entries { (reader) throws(ProtocolError) in try reader.outcome() }
    return (reader.request, outcomes)
  }

  private static func finished(_ bytes: [UInt8], _ verb: String) throws(ProtocolError) -> Reply {
    var reader = try PackedReader(bytes, of: verb, entryByteCount: PackedReader.outcomeByteCount)
    var (stale, ended): ([JobID], [JobID]) = ([], [])
    _ = try reader.entries { (reader) throws(ProtocolError) in
      switch try reader.number(UInt8.self) {
      case 0: stale.append(try reader.id())
      case 1: ended.append(try reader.id())
      // What a later version says of a job is passed over.
      default: _ = try reader.id() as JobID
      }
    }
    return .finished(request: reader.request, stale: stale, ended: ended)
  }
}

extension Commit {
  fileprivate func packed(request: UInt64) throws(PackedWriter.DoesNotFit) -> [UInt8] {
    var writer = try PackedWriter(request: request, entryCount: jobs.count, capacity: 256 + jobs.count * 256)
    try writer.append(subscription, .subscription)
    writer.append(token)
    writer.append(from.rawValue)
    writer.append(through.rawValue)
    for job in jobs { try writer.append(job) }
    return writer.bytes
  }

  fileprivate init(_ reader: inout PackedReader) throws(ProtocolError) {
    self.init(
      subscription: try reader.qualifiedName(), token: try reader.bounded(), from: try reader.offset(),
      through: try reader.offset(), jobs: [])
    guard through >= from else { throw reader.refused("a commit goes back from \(from) to \(through)") }
    jobs = try reader.entries { (reader) throws(ProtocolError) in try reader.job() }
  }
}

extension PackedWriter {
  /// A message that has nothing but entries, each about so long.
  fileprivate static func message<Entry>(
    _ request: UInt64, _ entries: [Entry], byteCount: Int,
    _ append: (inout PackedWriter, Entry) throws(DoesNotFit) -> Void
  ) throws(DoesNotFit) -> [UInt8] {
    var writer = try PackedWriter(
      request: request, entryCount: entries.count, capacity: PackedForm.headerByteCount + entries.count * byteCount)
    for entry in entries { try append(&writer, entry) }
    return writer.bytes
  }
}

extension PackedReader {
  /// No entry of a job is shorter: its id, three texts, the length of its inputs and `{}`, the number of its fields.
  fileprivate static let jobByteCount = 29
  /// No outcome of an enqueue is shorter: its byte and an id. One in JSON is longer.
  fileprivate static let outcomeByteCount = 17
  /// No result is shorter: its byte, an id and a token. One in JSON is longer.
  fileprivate static let resultByteCount = 25

  /// Reads all entries, and that nothing follows.
  fileprivate mutating func entries<Entry>(
    _ read: (inout PackedReader) throws(ProtocolError) -> Entry
  ) throws(ProtocolError) -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(entryCount)
    for _ in 0..<entryCount { entries.append(try read(&self)) }
    try end()
    return entries
  }
}
