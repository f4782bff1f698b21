import BusProtocol
import BusSpool
import Testing

struct RetentionTests {
  /// Ten segments of ten events and 100 bytes; the n-th ends n days after the start and has its own topic.
  private let segments = (1...10).map { (number: Int) in
    SegmentFacts(
      first: Offset(UInt64(number * 10 - 9)), last: Offset(UInt64(number * 10)),
      lastTime: Bench.start + .days(number), byteCount: 100,
      topics: [
        "all": Bench.start + .days(number) - .seconds(5), .named("topic_\(number)"): Bench.start + .days(number),
      ])
  }

  private func plan(_ retention: Retention, cursor: Offset? = nil, day: Int = 20) -> RetentionPlan {
    retention.plan(segments, total: 1050, protecting: cursor, now: Bench.start + .days(day))
  }

  @Test func `without a rule nothing goes`() { #expect(plan(Retention()).isEmpty) }

  @Test func `segments go when their last event is old enough`() {
    #expect(plan(Retention(age: .days(14))).count == 6)
    #expect(plan(Retention(age: .days(14)), day: 24).count == 10)
    #expect(plan(Retention(age: .days(14)), day: 14).isEmpty)
  }

  @Test func `the oldest go until the bytes fit`() {
    #expect(plan(Retention(byteCount: 1050)).isEmpty)
    #expect(plan(Retention(byteCount: 1049)).removed == Array(segments.prefix(1)))
    #expect(plan(Retention(byteCount: 400)).count == 7)
    #expect(plan(Retention(byteCount: 0)).count == 10)
  }

  @Test func `a cursor holds what it has not passed`() {
    for cursor in 0...100 {
      let plan = plan(Retention(age: .zero), cursor: Offset(UInt64(cursor)))
      #expect(plan.count == cursor / 10 && plan.gap == nil)
    }
  }

  @Test func `only the hard limit passes a cursor, and names what it takes`() {
    let plan = plan(Retention(hardByteCount: 700), cursor: Offset(15))
    #expect(plan.count == 4 && plan.gap == Offset(16)...Offset(40))
    #expect(self.plan(Retention(hardByteCount: 700), cursor: Offset(40)).gap == nil)
    #expect(self.plan(Retention(hardByteCount: 2000), cursor: Offset(15)).isEmpty)
  }

  @Test func `a topic with its own age holds its segments, one with none holds nothing`() {
    let long = Retention(age: .days(1)) { $0 == "topic_4" ? .days(30) : nil }
    #expect(plan(long).count == 3)
    let short = Retention(age: .days(100)) { $0 == "all" ? .zero : .days(14) }
    #expect(plan(short).count == 6)
    let nothing = Retention { _ in .zero }
    #expect(plan(nothing).count == 10)
  }

  @Test func `a log lets go of what its rule allows and keeps the rest`() throws {
    let bench = Bench()
    let spool = try bench.open()
    for number in 1...40 {
      _ = try spool.append(
        Bench.event(number, topic: number == 15 ? "kept" : "other", byteCount: 100_000),
        now: Bench.start + .days(number))
      try spool.commit()
    }
    let now = Bench.start + .days(100)
    #expect(try spool.retain(Retention(age: .days(75)), protecting: Offset(9), now: now).isEmpty)
    // The side file says which topics there are; without it the segment does.
    bench.disk[Bench.path(1, "idx")] = nil
    let plan = try spool.retain(Retention(age: .days(1)) { $0 == "kept" ? .days(90) : nil }, protecting: nil, now: now)
    #expect(plan.count == 1 && plan.removed[0].last == Offset(10))
    #expect(bench.disk[Bench.path(1)] == nil && bench.disk[Bench.path(11)] != nil)
    #expect(
      try spool.retain(Retention(hardByteCount: 0), protecting: Offset(12), now: now).gap == Offset(13)...Offset(30))
    #expect(spool.reader().first == Offset(31))
    spool.close()
    let other = try bench.open()
    #expect(try other.events().numbers == Array(31...40) && other.recovery.first == Offset(31))
    #expect(other.state.lastSequence(of: "kept") == 1, "a topic's number outlives its events")
  }

  @Test func `a removal that is cut short leaves a log that begins later`() throws {
    for call in 0..<9 {
      let bench = Bench()
      let spool = try bench.open()
      for number in 1...40 {
        try spool.append(number...number, byteCount: 100_000)
        try spool.commit()
      }
      bench.disk.fail(.remove, after: call, with: .error(.other))
      #expect(throws: SpoolError.self) { try spool.remove(through: Offset(30)) }
      let other = try bench.with(bench.disk.afterKill()).open()
      let first = Int(other.recovery.first.rawValue)
      #expect(try other.events().numbers == Array(first...40))
      #expect(other.state.lastSequence(of: "topic_0") == 10)
    }
  }
}

extension Duration {
  static func days(_ days: Int) -> Duration { .seconds(days * 86_400) }
}
