internal import BusProtocol
internal import Synchronization

/// The one clock of a simulated world, what is to happen when, and all its chance: from one seed.
///
/// A world lives in one thread. It is guarded by a lock only because busd's closures have to be `Sendable`.
final class Timeline: Sendable {
  fileprivate struct Entry {
    let at: Int64
    let number: UInt64
    let work: @Sendable () -> Void
  }

  fileprivate struct State {
    var now: Int64 = 0
    var wallOffset: Int64 = 0
    var highestWallOffset: Int64 = 0
    var entries: [Entry] = []
    var endings: [@Sendable () -> Void] = []
    var lastNumber: UInt64 = 0
    var random: SplitMix64
    var trace = TraceHash()
    var lines: [String]?
  }

  private let state: Mutex<State>

  /// Where the time that never jumps begins; only differences count.
  private static let origin = ContinuousClock.now
  /// Where the wall clock begins: 2026-01-01.
  private static let wallOrigin: Int64 = 1_767_225_600_000_000

  /// A world's time from its seed; with `isTold` the trace is kept in words.
  init(seed: UInt64, isTold: Bool = false) {
    state = Mutex(State(random: SplitMix64(state: seed), lines: isTold ? [] : nil))
  }

  // MARK: Time

  /// Microseconds since the world began.
  var now: Int64 { state.withLock { $0.now } }

  var instant: ContinuousClock.Instant { Timeline.origin + .microseconds(now) }

  /// What the wall clock shows, which may jump.
  var wall: Timestamp {
    state.withLock { Timestamp(microseconds: Timeline.wallOrigin + $0.now + $0.wallOffset) }
  }

  /// The wall clock jumps.
  func stepWall(by microseconds: Int64) {
    state.withLock { state in
      state.wallOffset += microseconds
      state.highestWallOffset = max(state.highestWallOffset, state.wallOffset)
    }
  }

  /// The wall clock is put right: to where it was at its latest, so that nobody waits for a time that was past.
  func mendWall() { state.withLock { $0.wallOffset = $0.highestWallOffset } }

  // MARK: What happens

  /// Lets something happen at a moment; of equal moments the first that was asked for comes first.
  func at(_ moment: Int64, _ work: @escaping () -> Void) {
    // One thread runs the world: what it leaves here, it takes out itself.
    nonisolated(unsafe) let work = work
    state.withLock { state in
      state.lastNumber += 1
      state.push(Entry(at: max(moment, state.now), number: state.lastNumber) { work() })
    }
  }

  func after(_ microseconds: Int64, _ work: @escaping () -> Void) { at(now + microseconds, work) }

  func at(_ instant: ContinuousClock.Instant, _ work: @escaping () -> Void) {
    at((instant - Timeline.origin).inMicroseconds, work)
  }

  /// Goes on to the next thing that happens; false when there is none before the end.
  func step(until end: Int64) -> Bool {
    let entry = state.withLock { state -> Entry? in
      guard let next = state.entries.first, next.at <= end else { return nil }
      state.now = max(state.now, next.at)
      return state.pop()
    }
    entry?.work()
    return entry != nil
  }

  /// Lets somebody let go of others when the world ends: who hold each other would outlive it.
  func atEnd(_ letGo: @escaping () -> Void) {
    nonisolated(unsafe) let letGo = letGo
    state.withLock { $0.endings.append { letGo() } }
  }

  /// Forgets what was to happen: the world ends.
  func end() {
    let (forgotten, endings) = state.withLock { state in
      defer { (state.entries, state.endings) = ([], []) }
      return (state.entries, state.endings)
    }
    for letGo in endings { letGo() }
    // Outside the lock: what goes with them may look at the time.
    withExtendedLifetime(forgotten) {}
  }

  // MARK: Chance

  func random() -> UInt64 { state.withLock { $0.random.next() } }
  func below(_ bound: Int64) -> Int64 { Int64(random() % UInt64(max(bound, 1))) }
  func chance(_ share: Double) -> Bool { Double(random() >> 11) / Double(1 << 53) < share }

  // MARK: Trace

  /// Notes what happened: the same seed gives the same trace.
  func note(_ what: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    state.withLock { state in
      state.trace.mix(what, UInt64(bitPattern: state.now), first, second)
      state.lines?.append("\(Double(state.now) / 1e6) \(what) \(first) \(second)")
    }
  }

  /// Says more for people; no part of the trace.
  func tell(_ line: @autoclosure () -> String) {
    state.withLock { state in
      if state.lines != nil { state.lines?.append("\(Double(state.now) / 1e6)   \(line())") }
    }
  }

  var traceHash: UInt64 { state.withLock { $0.trace.value } }
  var lines: [String] { state.withLock { $0.lines ?? [] } }
}

extension Timeline.State {
  /// A binary heap: the soonest first.
  fileprivate mutating func push(_ entry: Timeline.Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0, entries[child].isBefore(entries[(child - 1) / 2]) {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  fileprivate mutating func pop() -> Timeline.Entry? {
    guard let last = entries.popLast() else { return nil }
    guard let first = entries.first else { return last }
    entries[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [parent * 2 + 1, parent * 2 + 2] where child < entries.count {
        if entries[child].isBefore(entries[least]) { least = child }
      }
      guard least != parent else { return first }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}

extension Timeline.Entry {
  fileprivate func isBefore(_ other: Timeline.Entry) -> Bool { (at, number) < (other.at, other.number) }
}

/// A hash of all that happened, in its order (FNV-1a over words).
struct TraceHash: Sendable {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func mix(_ what: StaticString, _ words: UInt64...) {
    what.withUTF8Buffer { text in
      for byte in text { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    for word in words {
      value = (value ^ word) &* 0x100_0000_01B3
      value ^= value >> 29
    }
  }
}

/// A small generator that gives the same numbers for the same seed everywhere (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  mutating func below(_ bound: Int64) -> Int64 { Int64(next() % UInt64(max(bound, 1))) }
}
