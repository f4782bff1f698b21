import BusProtocol
import BusSpool
import BusTopology
import Testing

@testable import BusBroker
@testable import BusSimulation

/// Whose an outbox is, and that nobody else numbers its events.
struct PublisherOwnersTests {
  private static let ours = PublisherID(high: 1, low: 2)
  private static let theirs = PublisherID(high: 3, low: 4)

  // MARK: In the spool loop

  @Test func `I31 numbers in the name of another's outbox are denied, and hide nothing of its owner`() throws {
    let bench = try CarryBench(keyed: ["account", "mallory"])
    let outbox = try bench.outbox(["order_paid", "order_paid", "order_paid"])
    #expect(try bench.carry(outbox, count: 1, from: 2) == nil)
    let refusal = try bench.carry(outbox, after: Offset(1), from: 3)
    #expect(refusal?.code == "denied" && refusal?.denied == [2, 3] && refusal?.expected == 4)
    #expect(refusal?.message.contains("this outbox is that of account") == true, "\(String(describing: refusal))")
    #expect(bench.reader.durable == Offset(1))
    #expect(try bench.carry(outbox, after: Offset(1), from: 2) == nil)
    #expect(bench.reader.durable == Offset(3))
  }

  @Test func `I31 who sends in the name of another's outbox pays for it, and hinders nobody`() throws {
    let limits = PrincipalLimits(events: try RateLimit("1/m"))
    let bench = try CarryBench(keyed: ["account", "mallory"], limits: limits)
    let outbox = try bench.outbox(["order_paid", "order_paid", "order_paid"])
    #expect(try bench.carry(outbox, count: 1, from: 2) == nil)
    #expect(try bench.carry(outbox, after: Offset(1), from: 3)?.code == "denied")
    #expect(try bench.carry(outbox, after: Offset(1), from: 3)?.code == "busy")
    #expect(try bench.carry(outbox, after: Offset(1), from: 2) == nil)
    #expect(bench.reader.durable == Offset(3))
  }

  @Test func `I31 who may publish nothing of an outbox neither gets it nor passes its numbers`() throws {
    let bench = try CarryBench(keyed: ["account", "mallory"])
    #expect(try bench.carry(try bench.outbox(["secret", "secret", "secret"]), from: 3)?.denied == [1, 2, 3])
    #expect(try bench.carry(try bench.outbox(["order_paid"]), from: 2) == nil)
    #expect(bench.reader.durable == Offset(1))
  }

  @Test func `I31 an owner is known behind a power cut, and forgotten with its key`() throws {
    let first = try CarryBench(keyed: ["account", "mallory"])
    let outbox = try first.outbox(["order_paid", "order_paid"])
    #expect(try first.carry(outbox, count: 1, from: 2) == nil)
    let second = try CarryBench(keyed: ["mallory", "account"]) { first.disk.afterPowerCut(for: $0) }
    #expect(try second.carry(outbox, after: Offset(1), from: 2)?.denied == [2])
    #expect(try second.carry(outbox, after: Offset(1), from: 1)?.denied == [2], "nor is it one for local")
    let third = try CarryBench(keyed: ["mallory"]) { second.disk.afterPowerCut(for: $0) }
    #expect(try third.carry(outbox, after: Offset(1), from: 2) == nil)
    #expect(third.reader.durable == Offset(2))
    let fourth = try CarryBench(keyed: ["mallory", "account"]) { third.disk.afterPowerCut(for: $0) }
    #expect(try fourth.carry(outbox, after: Offset(1), from: 3)?.denied == [2], "it has become mallory's")
  }

  @Test func `I31 a first batch that finds the disk full is taken when it comes again`() throws {
    let bench = try CarryBench(keyed: ["account", "mallory"])
    let outbox = try bench.outbox(["order_paid"])
    bench.disk.change { $0.isFull = true }
    #expect(try bench.carry(outbox, from: 2)?.code == "disk_full")
    bench.disk.change { $0.isFull = false }
    #expect(try bench.carry(outbox, from: 2) == nil)
    #expect(bench.reader.durable == Offset(1))
  }

  @Test func `I27 a first batch whose owner cannot be synced is the last that busd takes`() throws {
    let bench = try CarryBench(keyed: ["account", "mallory"])
    let outbox = try bench.outbox(["order_paid"])
    bench.disk.change { $0.failsSync = true }
    #expect(try bench.carry(outbox, from: 2)?.code == "spool")
    #expect(bench.failure?.code == .disk)
    #expect(try bench.carry(outbox, from: 2)?.code == "spool")
    #expect(bench.reader.durable == .zero)
  }

  // MARK: The file

  /// A directory on a simulated disk.
  private struct Place {
    let disk = SimulatedDisk(of: Life(Timeline(seed: 1)))

    init() throws { try disk.makeDirectory("/spool") }

    func open(isKnown: (PublisherID) -> Bool = { _ in true }) throws -> PublisherOwners {
      try PublisherOwners(directory: "/spool", disk: disk, isKnown: isKnown)
    }

    var text: String {
      get throws {
        let file = try disk.open("/spool/owners", .read)
        return String(decoding: try disk.read(try disk.byteCount(of: file), from: file, at: 0), as: UTF8.self)
      }
    }

    func write(_ text: String) throws {
      let file = try disk.open("/spool/owners", .replace)
      _ = try disk.write(Array(text.utf8).span.bytes, to: file, at: 0)
      try disk.sync(file)
    }
  }

  @Test func `each owner is a line, and the last of an outbox counts`() throws {
    let place = try Place()
    var owners = try place.open()
    try owners.give(Self.ours, to: "account")
    try owners.give(Self.theirs, to: "search")
    try owners.give(Self.ours, to: "account")
    try owners.give(Self.ours, to: "billing")
    let lines = try place.text.split(separator: "\n")
    #expect(
      lines.map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
        "\(Self.ours) account", "\(Self.theirs) search", "\(Self.ours) billing",
      ])
    let again = try place.open()
    #expect(again[Self.ours] == "billing" && again[Self.theirs] == "search" && again.damagedCount == 0)
  }

  @Test func `a line that was removed makes its outbox free`() throws {
    let place = try Place()
    var owners = try place.open()
    try owners.give(Self.ours, to: "account")
    try owners.give(Self.theirs, to: "search")
    try place.write(try place.text.split(separator: "\n").dropFirst().joined() + "\n")
    let again = try place.open()
    #expect(again[Self.ours] == nil && again[Self.theirs] == "search")
  }

  @Test func `what was torn or damaged is passed over, counted, and written over`() throws {
    let place = try Place()
    var owners = try place.open()
    try owners.give(Self.ours, to: "account")
    let whole = try place.text
    for damaged in [
      whole + whole.dropLast(3), whole.replacing("account", with: "mallory") + whole, "\u{0}\u{0}\n" + whole,
      "\n \n" + whole,
    ] {
      try place.write(damaged)
      var again = try place.open()
      #expect(again[Self.ours] == "account" && again.damagedCount == 1, "\(damaged)")
      try again.give(Self.theirs, to: "search")
      let next = try place.open()
      #expect(next[Self.ours] == "account" && next[Self.theirs] == "search", "\(damaged)")
      try again.forget { _ in true }
      let last = try place.open()
      #expect(last[Self.ours] == "account" && last[Self.theirs] == "search" && last.damagedCount == 0)
    }
  }

  @Test func `outboxes that the spool has forgotten are left out once they are half of the file`() throws {
    let place = try Place()
    var owners = try place.open()
    for number in 0..<10 { try owners.give(PublisherID(high: 1, low: UInt64(number)), to: "account") }
    try owners.forget { $0.low >= 4 }
    #expect(try place.text.split(separator: "\n").count == 10)
    #expect(owners[PublisherID(high: 1, low: 3)] == nil && owners[PublisherID(high: 1, low: 4)] == "account")
    try owners.forget { $0.low >= 6 }
    #expect(try place.text.split(separator: "\n").count == 4)
    try owners.give(PublisherID(high: 1, low: 0), to: "search")
    let again = try place.open()
    #expect(again[PublisherID(high: 1, low: 9)] == "account" && again[PublisherID(high: 1, low: 0)] == "search")
  }

  @Test func `I27 a name that cannot be synced is a failed sync, and what is written then is whole`() throws {
    let place = try Place()
    var owners = try place.open()
    place.disk.change { $0.failsDirectorySync = true }
    #expect { try owners.give(Self.ours, to: "account") } throws: { ($0 as? SpoolError)?.code == .syncFailed }
    for number in 0..<5 { try owners.give(PublisherID(high: 1, low: UInt64(number)), to: "account") }
    place.disk.change { $0.failsDirectorySync = true }
    #expect { try owners.forget { $0.low == 4 } } throws: { ($0 as? SpoolError)?.code == .syncFailed }
    try owners.give(Self.theirs, to: "search")
    let again = try place.open()
    #expect(again[PublisherID(high: 1, low: 4)] == "account" && again[Self.theirs] == "search")
    #expect(again.damagedCount == 0)
  }

  @Test func `an owner that cannot be written is none`() throws {
    let place = try Place()
    var owners = try place.open()
    try owners.give(Self.ours, to: "account")
    place.disk.change { $0.failsSync = true }
    #expect(throws: SpoolError.self) { try owners.give(Self.theirs, to: "search") }
    #expect(owners[Self.theirs] == nil)
    try owners.give(Self.theirs, to: "billing")
    let again = try place.open()
    #expect(again[Self.theirs] == "billing" && again.damagedCount == 0)
  }
}
