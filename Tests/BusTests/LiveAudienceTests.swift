import BusProtocol
import Testing

@testable import Bus

/// Those who follow over one socket: each hears what is about it, and all get everything that they want.
struct LiveAudienceTests {
  private let log = LogID(high: 1, low: 1)

  private func mark(_ after: UInt64, _ through: UInt64, _ counts: [String: Int] = [:]) -> Mark {
    Mark(log: log, after: Offset(after), through: Offset(through), counts: counts)
  }

  /// One of `a`, two of `b*`, three of `c`: complete through 10.
  private func audience() -> LiveAudience {
    var audience = LiveAudience()
    audience.join(1, ["a"])
    audience.join(2, ["b*"])
    audience.join(3, ["c"])
    #expect(audience.words(of: mark(10, 10)).count == 3, "the first mark is for all")
    return audience
  }

  @Test func `a mark is heard by those whose topics it counts`() {
    var audience = audience()
    let counted = mark(10, 12, ["a": 1, "z": 1])
    #expect(audience.words(of: counted) == [.init(number: 1, mark: counted)])
    #expect(audience.words(of: mark(12, 13, ["z": 1])).isEmpty)
    #expect(audience.hearers(of: Array("bb".utf8)) == [2])
  }

  @Test func `the marks that one hears join, and say that nothing of it was between them`() {
    var audience = audience()
    _ = audience.words(of: mark(10, 12, ["a": 2]))
    _ = audience.words(of: mark(12, 15, ["z": 3]))
    #expect(audience.words(of: mark(15, 16, ["b": 1])) == [.init(number: 2, mark: mark(10, 16, ["b": 1]))])
    #expect(audience.words(of: mark(16, 17, ["a": 1])) == [.init(number: 1, mark: mark(12, 17, ["a": 1]))])
  }

  @Test func `a lost mark is for all`() {
    var audience = audience()
    #expect(audience.words(of: mark(12, 13, ["z": 1])).map(\.mark) == [mark(12, 13, ["z": 1])].repeated(3))
    #expect(audience.words(of: mark(13, 14, ["z": 1])).isEmpty)
  }

  @Test func `who came late or missed something hears the next mark`() {
    var audience = audience()
    audience.join(4, ["d"])
    #expect(audience.words(of: mark(10, 11, ["z": 1])).map(\.number) == [4])
    audience.insist(2)
    #expect(audience.words(of: mark(11, 12, ["z": 1])) == [.init(number: 2, mark: mark(10, 12, ["z": 1]))])
    #expect(audience.words(of: mark(12, 13, ["z": 1])).isEmpty)
    audience.insist(2)
    audience.leave(2)
    #expect(audience.words(of: mark(13, 14, ["b": 1])).isEmpty)
  }

  @Test func `of thousands some hear each heartbeat, in turn, and none is left out`() {
    var audience = LiveAudience()
    for number in 1...1000 { audience.join(number, [TopicPattern(stringLiteral: "t\(number)")]) }
    #expect(audience.words(of: mark(5, 5)).count == 1000)
    #expect(audience.words(of: mark(5, 9, ["z": 4])).isEmpty)
    for number in 501...1000 { audience.leave(number) }
    var heard: [Int: Int] = [:]
    for _ in 0..<20 {
      let words = audience.words(of: mark(9, 9))
      #expect(words.count <= LiveAudience.turnsPerHeartbeat)
      for word in words { heard[word.number, default: 0] += 1 }
    }
    #expect(heard.keys.sorted() == Array(1...500))
    #expect(heard.values.allSatisfy { $0 <= 2 })
  }

  @Test func `whatever is lost, repeated or late, each of those who follow gets its own once and in order`() throws {
    for seed in UInt64(1)...300 {
      var run = AudienceRun(seed: seed)
      try run.run()
    }
  }
}

extension Array {
  fileprivate func repeated(_ count: Int) -> [Element] { (0..<count).flatMap { _ in self } }
}

/// Listeners behind one live path that loses, repeats and delays, with reads that come late or fail.
private struct AudienceRun {
  private struct Listener {
    let patterns: [TopicPattern]
    var follower: LiveFollower
    var read: Offset?
    var delivered: UInt64 = 0

    init(_ patterns: [TopicPattern]) {
      self.patterns = patterns
      follower = LiveFollower(patterns: patterns, after: .zero)
    }
  }

  private let seed: UInt64
  private var random: SeededRandom
  private let log = LogID(high: 7, low: 7)
  private var audience = LiveAudience()
  private var listeners = [["a"], ["a*", "b"], ["none"], ["*"], ["c"]].map { Listener($0) }
  private var topics: [Topic] = []
  private var channel: [LiveMessage] = []
  private var isFaulty = true

  init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
  }

  private var head: Offset { Offset(UInt64(topics.count)) }
  private var heartbeat: LiveMessage { .mark(Mark(log: log, after: head, through: head, counts: [:])) }

  mutating func run() throws {
    for number in listeners.indices {
      audience.join(number, listeners[number].patterns)
      perform(listeners[number].follower.sessionBegan(log: log, head: head), number)
    }
    for _ in 0..<60 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: try publishBatch()
      case 5: send(heartbeat)
      case 6:
        let number = Int.random(in: listeners.indices, using: &random)
        perform(listeners[number].follower.hold(random.chance(40)), number)
      default: try answerRead(of: Int.random(in: listeners.indices, using: &random))
      }
      while !channel.isEmpty, random.chance(80) { try take(channel.removeFirst()) }
    }
    try settle()
  }

  /// From now on nothing goes wrong: all get to the end.
  private mutating func settle() throws {
    isFaulty = false
    for number in listeners.indices { perform(listeners[number].follower.hold(false), number) }
    while !channel.isEmpty { try take(channel.removeFirst()) }
    for _ in 0..<100 {
      for number in listeners.indices { while listeners[number].read != nil { try answerRead(of: number) } }
      try take(heartbeat)
    }
    for listener in listeners {
      #expect(listener.follower.through == head, "seed \(seed)")
      #expect(listener.delivered == head.rawValue, "seed \(seed)")
    }
  }

  private mutating func publishBatch() throws {
    let after = head
    var counts: [String: Int] = [:]
    for _ in 0...Int.random(in: 0...2, using: &random) {
      let topic: Topic = ["a", "ab", "b", "c", "d"][Int.random(in: 0...4, using: &random)]
      topics.append(topic)
      counts[topic.text, default: 0] += 1
      send(.events(topic: Array(topic.text.utf8), records: try record(topics.count)))
    }
    send(.mark(Mark(log: log, after: after, through: head, counts: counts)))
  }

  private func record(_ offset: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try Record.append(event(topics[offset - 1], offset: UInt64(offset)), to: &bytes)
    return bytes
  }

  private mutating func send(_ message: LiveMessage) {
    if random.chance(8) { return }
    let place = random.chance(5) ? Int.random(in: 0...channel.count, using: &random) : channel.count
    channel.insert(message, at: place)
    if random.chance(4) { channel.append(message) }
  }

  private mutating func take(_ message: LiveMessage) throws {
    switch message {
    case .events(let topic, let records):
      for number in audience.hearers(of: topic) {
        try listeners[number].follower.received(topic: topic, records: records)
      }
    case .mark(let mark):
      for word in audience.words(of: mark) {
        perform(listeners[word.number].follower.received(word.mark), word.number)
      }
    }
  }

  private mutating func answerRead(of number: Int) throws {
    guard let after = listeners[number].read else { return }
    listeners[number].read = nil
    if isFaulty, random.chance(20) {
      listeners[number].follower.readFailed()
      return audience.insist(number)
    }
    let through = min(Int(after.rawValue) + Int.random(in: 1...12, using: &random), topics.count)
    let wanted = wanted(by: number, after: Int(after.rawValue), through: through)
    let records = try wanted.flatMap { try record($0) }
    let chunk = EventsChunk(through: Offset(UInt64(through)), head: head, records: records)
    for action in listeners[number].follower.answered(chunk) { perform(action, number) }
  }

  private func wanted(by number: Int, after: Int, through: Int) -> [Int] {
    let filter = TopicFilter(listeners[number].patterns)
    return (after..<max(after, through)).map { $0 + 1 }.filter { filter.wants(topics[$0 - 1]) }
  }

  private mutating func perform(_ action: LiveFollower.Action?, _ number: Int) {
    switch action {
    case nil: break
    case .logChanged: Issue.record("seed \(seed): the log did not change")
    case .read(let after): listeners[number].read = after
    case .deliver(let after, let through, let records, _):
      let before = listeners[number].delivered
      var stretch = RecordStretch(after: after, through: through, records: records)
      var got: [Int] = []
      do { while let event = try stretch.next() { got.append(Int(event.offset.rawValue)) } } catch {
        Issue.record("seed \(seed): \(error)")
      }
      #expect(got == wanted(by: number, after: Int(before), through: Int(through.rawValue)), "seed \(seed), \(number)")
      #expect(after.rawValue == before, "seed \(seed): stretches join")
      listeners[number].delivered = through.rawValue
    }
  }
}
