/// How many jobs of one key run at once, and how often one starts, over all queues and processes: 4 at once per tenant.
///
/// Unlike a worker lock it lets several run. Jobs that are over it wait in a line of their own, highest priority first
/// and then the oldest, where they cost the others nothing. Each job brings the numbers that hold for it; equal keys
/// with different numbers share the counts.
public struct JobLimit: Hashable, Sendable {
  /// The most jobs of one key at once that can be asked for: beyond it a limit says nothing.
  public static let maximumConcurrency = 1000

  /// What is counted together, as ``LockKey/text(workerNamespace:)``.
  public var key: String
  /// So many at once; nil for any number.
  public var concurrency: Int?
  /// So many starts; nil for any number.
  public var rate: RateLimit?

  /// A limit; a concurrency outside of 1 to ``maximumConcurrency`` is held at the nearer end.
  public init(key: String, concurrency: Int? = nil, rate: RateLimit? = nil) {
    self.key = key
    self.concurrency = concurrency.map { min(max(1, $0), JobLimit.maximumConcurrency) }
    self.rate = rate
  }

  /// The limit as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = ["key": .string(key)]
    object.set("concurrency", concurrency)
    object.set("rate", rate?.description)
    return .object(object)
  }

  /// Reads what ``json`` wrote. Refuses a limit that limits nothing, and one that lets nothing through.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("limit")
    key = try members.string("key")
    guard !key.isEmpty, key.utf8.count <= NewJob.maximumLockByteCount else {
      throw ProtocolError(
        .tooLarge, "limit.key has \(key.utf8.count) bytes, not 1 to \(NewJob.maximumLockByteCount): limit by an id")
    }
    concurrency = try members.optional("concurrency")
    if let concurrency, !(1...JobLimit.maximumConcurrency).contains(concurrency) {
      throw ProtocolError(
        .badJSON,
        "limit.concurrency is \(concurrency), not 1 to \(JobLimit.maximumConcurrency): to stop work, pause its queue")
    }
    let text: String? = try members.optional("rate")
    rate = try text.map { (text) throws(ProtocolError) in try RateLimit(text) }
    guard concurrency != nil || rate != nil else {
      throw ProtocolError(.badJSON, "limit has neither concurrency nor rate: give one, or leave the limit out")
    }
  }
}
