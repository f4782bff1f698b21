import BusProtocol
import Testing

@testable import Bus

/// A listener whose live path loses, repeats, delays and garbles: never a silent gap, never an event twice.
struct LiveFollowerFaultTests {
  private let log = LogID(high: 1, low: 1)

  private func records(_ topic: Topic, _ offsets: [UInt64]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for offset in offsets { try Record.append(event(topic, offset: offset), to: &bytes) }
    return bytes
  }

  private func mark(_ after: UInt64, _ through: UInt64, _ counts: [String: Int] = [:]) -> Mark {
    Mark(log: log, after: Offset(after), through: Offset(through), counts: counts)
  }

  /// A follower of `a*` that is complete through 10.
  private func follower() -> LiveFollower {
    var follower = LiveFollower(patterns: ["a*"], after: 10)
    #expect(follower.sessionBegan(log: log, head: 10) == nil)
    return follower
  }

  @Test func `a lost mark shows at the next one, also at a heartbeat`() {
    var first = follower()
    #expect(first.received(mark(13, 15, ["z": 2])) == .read(after: 10))
    var second = follower()
    #expect(second.received(mark(13, 13)) == .read(after: 10))
  }

  @Test func `a batch that was read already and comes late does not stand in for one that is lost`() throws {
    var follower = LiveFollower(patterns: ["a*"], after: 10)
    #expect(follower.sessionBegan(log: log, head: 11) == .read(after: 10))
    let bytes = try records("ab", [11])
    let actions = follower.answered(EventsChunk(through: 11, head: 11, records: bytes))
    #expect(actions == [.deliver(after: 10, through: 11, records: [bytes], missing: nil)])
    // 11 comes live, late; its mark and 12 are lost; the mark of 12 counts one event, and one has come.
    try follower.received(topic: Array("ab".utf8), records: bytes)
    #expect(follower.received(mark(11, 12, ["ab": 1])) == .read(after: 11))
  }

  @Test func `the same message twice does not stand in for another of its topic`() throws {
    var follower = follower()
    for _ in 1...2 { try follower.received(topic: Array("ab".utf8), records: try records("ab", [11])) }
    #expect(follower.received(mark(10, 12, ["ab": 2])) == .read(after: 10))
  }

  @Test func `what comes while a read is under way is not delivered live`() throws {
    var follower = follower()
    #expect(follower.received(mark(12, 13, ["ab": 1])) == .read(after: 10))
    try follower.received(topic: Array("ab".utf8), records: try records("ab", [14]))
    #expect(follower.received(mark(13, 14, ["ab": 1])) == nil)
    let bytes = try records("ab", [12, 13])
    let actions = follower.answered(EventsChunk(through: 13, head: 14, records: bytes))
    #expect(actions == [.deliver(after: 10, through: 13, records: [bytes], missing: nil), .read(after: 13)])
  }

  @Test func `what is no longer kept is told with what comes behind it`() {
    var follower = LiveFollower(patterns: ["a*"], after: .zero)
    #expect(follower.sessionBegan(log: log, head: 50) == .read(after: .zero))
    let actions = follower.answered(EventsChunk(through: 50, head: 50, missing: 1...40, records: []))
    #expect(actions == [.deliver(after: .zero, through: 50, records: [], missing: 1...40)])
  }

  @Test func `another log is noticed at a mark and at a session`() {
    let other = LogID(high: 2, low: 2)
    var first = follower()
    #expect(first.received(Mark(log: other, after: 10, through: 11, counts: [:])) == .logChanged)
    var second = follower()
    #expect(second.sessionBegan(log: other, head: 5) == .logChanged)
    #expect(second.through == 10)
  }

  @Test func `a read that failed is asked again at the next heartbeat, and when there are none`() {
    var follower = follower()
    #expect(follower.received(mark(12, 12)) == .read(after: 10))
    #expect(follower.wasSilent() == nil, "one read at a time")
    follower.readFailed()
    #expect(follower.received(mark(12, 12)) == .read(after: 10))
    follower.readFailed()
    #expect(follower.wasSilent() == .read(after: 10))
  }

  @Test func `live bytes that are cut, or have a bit of a header turned, are refused and read instead`() throws {
    let bytes = try records("ab", [11])
    for count in 1..<bytes.count {
      var follower = follower()
      #expect(throws: ProtocolError.self) {
        try follower.received(topic: Array("ab".utf8), records: Array(bytes.prefix(count)))
      }
      #expect(follower.received(mark(10, 11, ["ab": 1])) == .read(after: 10))
    }
    for bit in 0..<RecordHeader.byteCount * 8 {
      var follower = follower()
      var turned = bytes
      turned[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: ProtocolError.self) { try follower.received(topic: Array("ab".utf8), records: turned) }
      #expect(follower.received(mark(10, 11, ["ab": 1])) == .read(after: 10))
    }
  }

  @Test func `whatever is lost, repeated, late or held, all comes once and in order`() throws {
    var deliveredLive = 0
    for seed in UInt64(1)...500 {
      var run = try LiveRun(seed: seed)
      try run.run()
      deliveredLive += run.liveCount
    }
    #expect(deliveredLive > 1000, "the live path carried only \(deliveredLive): the test proves little")
  }
}

/// A follower behind a live path that loses, repeats and delays, with reads that come late or fail.
private struct LiveRun {
  private let seed: UInt64
  private var random: SeededRandom
  private let log = LogID(high: 7, low: 7)
  private var follower = LiveFollower(patterns: ["a*", "b"], after: .zero)
  private var events: [(topic: Topic, records: [UInt8])] = []
  /// On the way to the follower.
  private var channel: [LiveMessage] = []
  /// A read that was asked and not answered.
  private var read: Offset?
  private var delivered: UInt64 = 0
  private var isFaulty = true
  private(set) var liveCount = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
  }

  private var head: Offset { Offset(UInt64(events.count)) }
  private var heartbeat: LiveMessage { .mark(Mark(log: log, after: head, through: head, counts: [:])) }

  mutating func run() throws {
    try perform(follower.sessionBegan(log: log, head: head))
    for _ in 0..<40 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: try publishBatch()
      case 5: channel.append(heartbeat)
      case 6: try perform(follower.hold(random.chance(50)))
      default: try answerRead()
      }
      while !channel.isEmpty, random.chance(70) { try take(channel.removeFirst()) }
    }
    try settle()
  }

  /// From now on nothing goes wrong: the follower gets to the end.
  private mutating func settle() throws {
    isFaulty = false
    try perform(follower.hold(false))
    while !channel.isEmpty { try take(channel.removeFirst()) }
    for _ in 0..<100 {
      while read != nil { try answerRead() }
      try take(heartbeat)
    }
    #expect(follower.through == head, "seed \(seed)")
    #expect(delivered == head.rawValue, "seed \(seed)")
  }

  private mutating func publishBatch() throws {
    let after = head
    var messages: [LiveMessage] = []
    var counts: [String: Int] = [:]
    for _ in 0...Int.random(in: 0...2, using: &random) {
      let topic: Topic = ["a", "ab", "b", "c"][Int.random(in: 0...3, using: &random)]
      var records: [UInt8] = []
      for _ in 0...Int.random(in: 0...2, using: &random) {
        var bytes: [UInt8] = []
        try Record.append(event(topic, offset: head.rawValue + 1), to: &bytes)
        events.append((topic, bytes))
        records += bytes
        counts[topic.text, default: 0] += 1
      }
      messages.append(.events(topic: Array(topic.text.utf8), records: records))
    }
    messages.append(.mark(Mark(log: log, after: after, through: head, counts: counts)))
    for message in messages { send(message) }
  }

  private mutating func send(_ message: LiveMessage) {
    if random.chance(12) { return }
    let place = random.chance(8) ? Int.random(in: 0...channel.count, using: &random) : channel.count
    channel.insert(message, at: place)
    if random.chance(5) { channel.append(message) }
  }

  private mutating func take(_ message: LiveMessage) throws {
    switch message {
    case .events(let topic, let records): try follower.received(topic: topic, records: records)
    case .mark(let mark): try perform(follower.received(mark), isLive: true)
    }
  }

  private mutating func answerRead() throws {
    guard let after = read else { return }
    read = nil
    if isFaulty, random.chance(20) { return follower.readFailed() }
    let count = Int.random(in: 1...12, using: &random)
    let range = events.indices.dropFirst(Int(after.rawValue)).prefix(count)
    let records = range.filter { wants(events[$0].topic) }.flatMap { events[$0].records }
    let chunk = EventsChunk(through: Offset(UInt64(range.endIndex)), head: head, records: records)
    for action in follower.answered(chunk) { try perform(action) }
  }

  private func wants(_ topic: Topic) -> Bool { topic.text.hasPrefix("a") || topic == "b" }

  private mutating func perform(_ action: LiveFollower.Action?, isLive: Bool = false) throws {
    switch action {
    case nil: break
    case .logChanged: Issue.record("seed \(seed): the log did not change")
    case .read(let after):
      #expect(read == nil, "seed \(seed): two reads at a time")
      read = after
    case .deliver(let after, let through, let records, _):
      let got = try records.flatMap { try Record.events($0) }.filter { $0.offset > after && $0.offset <= through }
      let wanted = (delivered..<through.rawValue).filter { wants(events[Int($0)].topic) }.map { $0 + 1 }
      #expect(got.map(\.offset.rawValue) == wanted, "seed \(seed): from \(delivered) through \(through)")
      #expect(after.rawValue == delivered, "seed \(seed): stretches join")
      delivered = through.rawValue
      if isLive { liveCount += got.count }
    }
  }
}
