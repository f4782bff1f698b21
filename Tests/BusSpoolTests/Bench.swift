import BusProtocol
import Synchronization

@testable import BusSpool

/// What most tests begin with: a disk in memory, and a log in its directory `/log`.
struct Bench {
  var disk = MemoryDisk()
  var options = SpoolOptions(segmentByteCount: 1 << 20, preallocates: false)

  static let start = Timestamp(microseconds: 1_700_000_000_000_000)

  func open(now: Timestamp = Bench.start) throws(SpoolError) -> Spool {
    try Spool(directory: "/log", options: options, disk: disk, now: now, random: Chance.source(7))
  }

  func with(_ disk: MemoryDisk) -> Bench { Bench(disk: disk, options: options) }

  static func path(_ base: UInt64, _ kind: String = "seg") -> String {
    "/log/\(String(repeating: "0", count: 20 - String(base).count))\(base).\(kind)"
  }

  /// The n-th event: its data says n, its publisher is one of three and numbers from 1. Every other one has an id that
  /// was made of its time.
  static func event(
    _ number: Int, topic: Topic? = nil, byteCount: Int = 0, headers: EventHeaders = EventHeaders()
  ) -> Event {
    let publisher = number % 3
    let text = "{\"n\":\(number)}" + String(repeating: " ", count: byteCount)
    let made = EventID(at: start, random: (UInt64(number), UInt64(number)))
    return Event(
      id: number % 2 == 0 ? made : EventID(high: 7, low: UInt64(number)),
      topic: topic ?? Topic.named("topic_\(number % 4)"),
      data: Array(text.utf8), time: start, publisher: PublisherID(high: 1, low: UInt64(publisher)),
      publisherSequence: UInt64((number + 2) / 3), headers: headers)
  }
}

extension Topic {
  static func named(_ text: String) -> Topic {
    do { return try Topic(text) } catch { preconditionFailure("\(error)") }
  }
}

extension Spool {
  /// Appends the events of these numbers.
  @discardableResult
  func append(_ numbers: ClosedRange<Int>, byteCount: Int = 0, now: Timestamp = Bench.start) throws -> Offset {
    for number in numbers { _ = try append(Bench.event(number, byteCount: byteCount), now: now) }
    return head
  }

  /// All that can be read, event by event.
  func events() throws -> [Event] { try reader().events() }
}

extension SpoolReader {
  func events(after offset: Offset = .zero, step: Int = 1 << 20) throws -> [Event] {
    var (events, after): ([Event], Offset) = ([], offset)
    while true {
      let chunk = try read(after: after, maximumByteCount: step, maximumCount: 1000) { _ in true }
      events += try Record.events(chunk.bytes)
      after = chunk.through
      guard chunk.isBehind else { return events }
    }
  }
}

extension [Event] {
  /// What the events say of themselves.
  var numbers: [Int] { get throws { try map { try $0["n"] } } }
}

/// Chance that comes out the same each time.
struct Chance: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  static func source(_ seed: UInt64) -> @Sendable () -> UInt64 {
    let chance = Shared(seed)
    return { chance.next() }
  }

  private final class Shared: Sendable {
    private let chance: Mutex<Chance>
    init(_ seed: UInt64) { chance = Mutex(Chance(seed)) }
    func next() -> UInt64 { chance.withLock { $0.next() } }
  }
}

/// Runs what has to be refused, and hands out how.
func refusal(_ body: () throws -> Void) -> SpoolError? {
  do {
    try body()
    return nil
  } catch {
    return error as? SpoolError
  }
}
