import BusProtocol
import BusSigning
import BusTopology
import Testing

@testable import BusBroker

/// Which events are taken for their signatures, and which are not.
struct SignedRecordTests {
  static let text = """
    version: 1
    access:
      signers: signers
      signed: ["order_*"]
      signed_within: 1h
      principals:
        account: { publish: ["order_*", "user_*"] }
        search: { publish: ["user_*"] }
    """
  static let now = Timestamp(microseconds: 1_800_000_000_000_000)
  static let publisher = PublisherID(high: 3, low: 4)

  let account: SigningKey
  let search: SigningKey
  let stranger: SigningKey
  let guarded: Guarded

  init() throws {
    account = try SigningKey.generate(for: "account")
    search = try SigningKey.generate(for: "search")
    stranger = try SigningKey.generate(for: "stranger")
    let permissions = Permissions(try Topology(parsing: Self.text, file: "f").access)
    guarded = Guarded(
      principal: "local", permissions: permissions, signers: Signers([account.verifyingKey, search.verifyingKey]))
  }

  /// A batch of one publisher, each record signed or not.
  func batch(_ events: [(Topic, SigningKey?, Duration)]) throws -> (records: [Intake.Numbered], bytes: [UInt8]) {
    var bytes: [UInt8] = []
    for (index, (topic, key, age)) in events.enumerated() {
      var event = Event(
        id: EventID(high: 1, low: UInt64(index)), topic: topic, data: Array("{}".utf8), time: Self.now - age,
        publisher: Self.publisher, publisherSequence: UInt64(index) + 1)
      if let key { try key.sign(&event) }
      try Record.append(event, to: &bytes)
    }
    return (try Intake.records(bytes, of: Self.publisher), bytes)
  }

  func denial(_ events: (Topic, SigningKey?, Duration)...) throws -> Withheld? {
    let (records, bytes) = try batch(events)
    return guarded.denial(of: records, in: bytes, at: Self.now)
  }

  @Test func `S3-8 what has to be signed is taken from those who may publish it, and from nobody else`() throws {
    #expect(try denial(("order_paid", account, .zero)) == nil)
    #expect(try denial(("order_paid", nil, .zero))?.first.reason.contains("have to be signed") == true)
    #expect(try denial(("order_paid", search, .zero))?.first.reason == "no rule lets search publish it")
    #expect(try denial(("order_paid", stranger, .zero))?.first.reason == "busd has no stranger.verify")
    // What need not be signed may come without; a signature that is there has to be good.
    #expect(try denial(("user_changed", nil, .zero)) == nil)
    #expect(try denial(("user_changed", search, .zero)) == nil)
    #expect(try denial(("user_changed", stranger, .zero)) != nil)
    #expect(try denial(("postal", search, .zero))?.first.line == "search sign postal")
  }

  @Test func `S3-8 an old event is not taken again, nor one of tomorrow`() throws {
    #expect(try denial(("order_paid", account, .seconds(3600))) == nil)
    #expect(try denial(("order_paid", account, .seconds(3601)))?.first.reason == "it was made more than 1h ago")
    #expect(try denial(("order_paid", account, .seconds(-299))) == nil)
    #expect(try denial(("order_paid", account, .seconds(-301)))?.first.reason.contains("has not come") == true)
  }

  @Test func `only the bad ones of a batch are withheld, and those of signatures are counted`() throws {
    let withheld = try denial(
      ("order_paid", account, .zero), ("order_paid", nil, .zero), ("user_changed", nil, .zero),
      ("order_paid", stranger, .zero), ("order_paid", account, .zero))
    #expect(withheld?.sequences == [2, 4] && withheld?.signatureCount == 2)
    #expect(withheld?.first.line == "local publish order_paid unsigned")
  }

  @Test func `S3-8 a signed event that another publisher sends as its own is forged`() throws {
    let (_, bytes) = try batch([("order_paid", account, .zero)])
    var event = try Record.event(bytes)
    event.publisher = PublisherID(high: 9, low: 9)
    var again: [UInt8] = []
    try Record.append(event, to: &again)
    let records = try Intake.records(again, of: event.publisher)
    let withheld = guarded.denial(of: records, in: again, at: Self.now)
    #expect(withheld?.first.reason == "its signature is not that of what came" && withheld?.sequences == [1])
    // As it came before it is a repeat, which the intake knows by publisher and sequence.
    let same = try Intake.records(bytes, of: Self.publisher)
    #expect(Intake.decide(same, last: 1, oldest: 1) == .accept([]))
  }

  @Test func `what comes without an outbox has no signature, and is refused where one is needed`() throws {
    let publish = Request.publish(request: 1, publication: Publication(topic: "order_paid"), data: [])
    #expect(throws: Denial.self) { try guarded.check(publish) }
    let announcement = Announcement(id: EventID(high: 1, low: 1), topic: "order_paid", data: [], dueAt: Self.now)
    #expect(throws: Denial.self) { try guarded.check(.announce(request: 1, announcement: announcement)) }
    try guarded.check(.publish(request: 1, publication: Publication(topic: "user_changed"), data: []))
  }

  @Test func `an answer about a right to publish says that it takes a signature`() throws {
    let asked = try AccessQuestion(principal: "account", right: "publish", name: "order_paid")
    let permissions = Permissions(try Topology(parsing: Self.text, file: "f").access, keys: ["account"])
    #expect(asked.answer(permissions)["signed"] == "access.signed: order_*")
    let other = try AccessQuestion(principal: "account", right: "publish", name: "user_changed")
    #expect(other.answer(permissions)["signed"] == nil)
  }
}
