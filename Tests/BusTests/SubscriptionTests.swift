import Bus
import BusProtocol
import Testing

struct IndexUser: Worker, Hashable {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }
  func work(_ run: Run<Void>) async throws {}
}

struct SendMail: Worker, Hashable {
  static let queue: Name = "mail"
  let to: String
  func work(_ run: Run<Void>) async throws {}
}

func event(_ topic: Topic, _ data: JSONObject = [:], offset: UInt64 = 1) -> Event {
  var event = Event(
    id: EventID(high: 0x0001_0000_0000_7000, low: 0x8000_0000_0000_0000 | offset), topic: topic,
    data: JSONValue.object(data).bytes, time: Timestamp(microseconds: 1_000_000))
  event.offset = Offset(offset)
  return event
}

@Suite struct Subscriptions {
  @Test func `a mapping is tested without a bus`() throws {
    let subscription = Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
    let workers = try subscription.workers(for: event("user_changed", ["id": 42]))
    #expect(workers as? [IndexUser] == [IndexUser(userID: 42)])
    #expect(try subscription.workers(for: event("user_created", ["id": 42])).isEmpty)
  }

  @Test func `QB5 an event that two patterns match is mapped once`() throws {
    let subscription = Subscription(["user_*", "user_changed"], named: "users") { event in
      IndexUser(userID: try event["id"])
    }
    #expect(try subscription.workers(for: event("user_changed", ["id": 1])).count == 1)
  }

  @Test func `the name comes from the patterns`() {
    #expect(Subscription("user_*") { _ in IndexUser(userID: 1) }.name == "user_any")
    #expect(Subscription(["a", "*"]) { _ in IndexUser(userID: 1) }.name == "a.any")
    #expect(Subscription("a", named: "b") { _ in IndexUser(userID: 1) }.name == "b")
  }

  @Test func `several workers, optional ones, lists, if, switch and for`() throws {
    let subscription = Subscription("*") { event in
      IndexUser(userID: 1)
      SendMail(to: "a")
      if event.topic == "user_created" { SendMail(to: "b") }
      if event.topic == "user_gone" { IndexUser(userID: 2) } else { SendMail(to: "c") }
      for number in 3...4 { IndexUser(userID: number) }
      [SendMail(to: "d")]
      switch event.topic.text {
      case "x": SendMail(to: "x")
      default: nil as SendMail?
      }
    }
    let workers = try subscription.workers(for: event("user_created"))
    let texts = workers.map { "\($0)" }
    #expect(
      texts == [
        "IndexUser(userID: 1)", "SendMail(to: \"a\")", "SendMail(to: \"b\")", "SendMail(to: \"c\")",
        "IndexUser(userID: 3)", "IndexUser(userID: 4)", "SendMail(to: \"d\")",
      ])
  }

  @Test func `a closure with return`() throws {
    let optional = Subscription("a") { event -> IndexUser? in
      guard let id = Int(jsonValue: try event.json["id"] ?? .null) else { return nil }
      return IndexUser(userID: id)
    }
    #expect(try optional.workers(for: event("a")).isEmpty)
    #expect(try optional.workers(for: event("a", ["id": 3])).count == 1)
    let list = Subscription("a") { event -> [IndexUser] in
      let ids: [Int] = [1, 2]
      return ids.map { IndexUser(userID: $0) }
    }
    #expect(try list.workers(for: event("a")).count == 2)
  }

  @Test func `QB6 all conditions have to hold`() {
    let subscription = Subscription("page_*", where: ["page": .equals("homepage"), "user_id": .present]) { _ in
      IndexUser(userID: 1)
    }
    #expect(subscription.wants(event("page_seen", ["page": "homepage", "user_id": 1])))
    #expect(!subscription.wants(event("page_seen", ["page": "homepage", "user_id": nil])))
    #expect(!subscription.wants(event("page_seen", ["page": "other", "user_id": 1])))
    #expect(!subscription.wants(event("page_seen", ["page": "homepage"])))
    #expect(!subscription.wants(event("other", ["page": "homepage", "user_id": 1])))
  }

  @Test func `X10 data that is no object has no members`() {
    var odd = event("a")
    odd.data = Array("[1]".utf8)
    #expect(!Subscription("a", where: ["id": .present]) { _ in IndexUser(userID: 1) }.wants(odd))
    #expect(Subscription("a", where: ["id": .absent]) { _ in IndexUser(userID: 1) }.wants(odd))
  }
}
