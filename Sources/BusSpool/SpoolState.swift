public import BusProtocol

/// What a log knows beside its records: the last number of each topic, and of each publisher.
///
/// It holds what is appended and not yet committed too; ``rollBack()`` takes that back when a group is dropped.
public struct SpoolState: Sendable {
  struct TopicEntry: Hashable, Sendable {
    var sequence: UInt64
    var offset: Offset
    var time: Timestamp
  }

  struct PublisherEntry: Hashable, Sendable {
    var sequence: UInt64
    var time: Timestamp
  }

  // Not PublisherID: hashing a generic type of another module costs a call for each field.
  struct PublisherKey: Hashable, Sendable {
    var high: UInt64
    var low: UInt64
  }

  /// Events in a row of one topic, or of one publisher, within a group: their entry is found without a look at the
  /// table, and what it was before the group is known to ``undo`` already.
  private struct Run<Key: Sendable, Index: Sendable>: Sendable {
    var key: Key
    var index: Index
  }

  private enum Undo {
    case topic(String, TopicEntry?)
    case publisher(PublisherKey, PublisherEntry?)
  }

  /// How many are kept whatever their age.
  public struct Limits: Hashable, Sendable {
    /// Beyond as many publishers those that were not seen for a week are forgotten.
    public var publishers: Int
    /// Beyond as many topics the ones longest not seen are forgotten; their numbers are not given again.
    public var topics: Int

    /// Limits; by default 100,000 publishers and 1,000,000 topics.
    public init(publishers: Int = 100_000, topics: Int = 1_000_000) {
      self.publishers = publishers
      self.topics = topics
    }
  }

  /// A repeat comes within hours; a publisher that was silent this long is gone.
  static let publisherLifetime = Duration.seconds(7 * 86_400)

  var topics: [String: TopicEntry] = [:]
  var publishers: [PublisherKey: PublisherEntry] = [:]
  /// The highest number of a forgotten topic: one that comes back goes on above it.
  var forgottenSequence: UInt64 = 0
  private var undo: [Undo] = []
  private var topicRun: Run<[UInt8], [String: TopicEntry].Index>?
  private var publisherRun: Run<PublisherKey, [PublisherKey: PublisherEntry].Index>?

  init() {}

  /// The number of the last event of a topic; zero when there was none.
  public func lastSequence(of topic: Topic) -> UInt64 { topics[topic.text]?.sequence ?? 0 }

  /// The last number of a publisher; nil when it is not known.
  public func lastSequence(of publisher: PublisherID) -> UInt64? {
    publishers[PublisherKey(high: publisher.high, low: publisher.low)]?.sequence
  }

  /// Whether a publisher's number was taken before: its numbers rise. Zero is no number, and never a repeat.
  public func isRepeat(_ sequence: UInt64, of publisher: PublisherID) -> Bool {
    guard sequence > 0, let last = lastSequence(of: publisher) else { return false }
    return sequence <= last
  }

  /// Gives the next number of a topic to the event at an offset.
  mutating func number(_ topic: ArraySlice<UInt8>, at offset: Offset, _ time: Timestamp) -> UInt64 {
    if let run = topicRun, run.key.elementsEqual(topic) {
      let sequence = topics.values[run.index].sequence &+ 1
      topics.values[run.index] = TopicEntry(sequence: sequence, offset: offset, time: time)
      return sequence
    }
    let text = String(decoding: topic, as: UTF8.self)
    let before = topics[text]
    let sequence = (before?.sequence ?? forgottenSequence) &+ 1
    undo.append(.topic(text, before))
    topics[text] = TopicEntry(sequence: sequence, offset: offset, time: time)
    topicRun = topics.index(forKey: text).map { Run(key: Array(topic), index: $0) }
    return sequence
  }

  /// Takes a publisher's number as taken.
  mutating func take(_ sequence: UInt64, of publisher: PublisherID, _ time: Timestamp) {
    guard sequence > 0 else { return }
    let publisher = PublisherKey(high: publisher.high, low: publisher.low)
    if let run = publisherRun, run.key == publisher {
      let last = publishers.values[run.index].sequence
      publishers.values[run.index] = PublisherEntry(sequence: max(sequence, last), time: time)
      return
    }
    let before = publishers[publisher]
    undo.append(.publisher(publisher, before))
    publishers[publisher] = PublisherEntry(sequence: max(sequence, before?.sequence ?? 0), time: time)
    publisherRun = publishers.index(forKey: publisher).map { Run(key: publisher, index: $0) }
  }

  /// Takes over what a record of the log says.
  mutating func learn(_ record: RecordHeader, _ bytes: [UInt8], at start: Int) {
    let topic = String(decoding: Record.topicBytes(bytes, at: start, header: record), as: UTF8.self)
    topics[topic] = TopicEntry(sequence: record.sequence, offset: record.offset, time: record.recordedAt)
    let (publisher, sequence) = SpoolState.publisher(bytes, at: start)
    guard sequence > 0 else { return }
    let before = publishers[publisher]?.sequence ?? 0
    publishers[publisher] = PublisherEntry(sequence: max(sequence, before), time: record.recordedAt)
  }

  /// Who numbered the record that begins at a byte, and how.
  static func publisher(_ bytes: [UInt8], at start: Int) -> (PublisherKey, UInt64) {
    let body = bytes.span.bytes.extracting(droppingFirst: start + RecordHeader.byteCount)
    let key = PublisherKey(
      high: body.littleEndian(UInt64.self, at: 16).byteSwapped,
      low: body.littleEndian(UInt64.self, at: 24).byteSwapped)
    return (key, body.littleEndian(UInt64.self, at: 32))
  }

  /// What was appended is in the log.
  mutating func commit() {
    undo.removeAll(keepingCapacity: true)
    endRuns()
  }

  private mutating func endRuns() { (topicRun, publisherRun) = (nil, nil) }

  /// What was appended since the last commit is not in the log.
  mutating func rollBack() {
    for step in undo.reversed() {
      switch step {
      case .topic(let topic, let before): topics[topic] = before
      case .publisher(let publisher, let before): publishers[publisher] = before
      }
    }
    undo.removeAll(keepingCapacity: true)
    endRuns()
  }

  /// Forgets what is beyond the limits: publishers not seen for a week, topics not seen for longest.
  mutating func evict(_ limits: Limits, now: Timestamp) {
    endRuns()
    if publishers.count > limits.publishers {
      let oldest = now - SpoolState.publisherLifetime
      publishers = publishers.filter { $0.value.time >= oldest }
    }
    if topics.count > limits.topics {
      // A tenth more than needed, so that not every segment sorts them.
      let byAge = topics.sorted { $0.value.offset < $1.value.offset }
      for (topic, entry) in byAge.prefix(topics.count - limits.topics / 10 * 9) {
        forgottenSequence = max(forgottenSequence, entry.sequence)
        topics[topic] = nil
      }
    }
  }
}
