import BusProtocol
import Testing

@testable import BusCommand

struct WhyEventTests {
  private func why(_ answer: JSONValue) throws -> String {
    WhyEvent(text: Sample.text).lines(try WhyEventAnswer(json: answer)).joined(separator: "\n")
  }

  private static func subscription(_ name: String, cursor: UInt64, isHandled: Bool) -> JSONValue {
    ["name": .string(name), "patterns": ["user_*"], "cursor": cursor.jsonValue, "handled": .bool(isHandled)]
  }

  @Test func `each subscription says what it made of the event`() throws {
    let job = Sample.job(.done) { $0.finishedAt = Sample.now - .seconds(2) }
    let other: JobID = Sample.id(7)
    let answer: JSONValue = [
      "event": Sample.event, "jobs": [job.json],
      "merges": [["job": other.jsonValue, "subscription": "mail/greet", "at": "2026-01-31T08:27:03Z"]],
      "subscriptions": [
        Self.subscription("search/user_index", cursor: 184_300, isHandled: true),
        Self.subscription("mail/greet", cursor: 184_300, isHandled: true),
        Self.subscription("audit/all", cursor: 184_300, isHandled: true),
        Self.subscription("billing/late", cursor: 184_211, isHandled: false),
      ],
    ]
    #expect(
      try why(answer) == """
        event user_changed #184223  08:27:03.111Z from account/web-3, trace 4bf92f3577b34da6a3ce929d0e0e4736
        ├ subscription search/user_index  1 job
        │ └ job \(job.id) search.IndexUser {"userID":42}  done, 2 s ago
        ├ subscription mail/greet  1 merged
        │ └ merged into job \(other), which waited already: bus why \(other)
        ├ subscription audit/all  asked for no job: its mapping named no worker
        │   or its job is past the retention of the history
        └ subscription billing/late  has not come to it yet, it is 12 events behind
            no process runs it: start one with 'bus work billing'
        """)
  }

  @Test(
    arguments: [
      (["policy": "keep"], "which waited already"),
      (["policy": "replace"], "which waited already, with the newest inputs"),
      (["policy": "merge", "rerun": true], "which ran, and runs once more for it, with the inputs of all"),
      (["policy": "of another version"], "which waited already"),
    ] as [(JSONObject, String)])
  func `X2 a merge says what it did`(members: JSONObject, words: String) throws {
    let other: JobID = Sample.id(7)
    var merge: JSONObject = ["job": other.jsonValue, "subscription": "mail/greet"]
    for member in members.members { merge[member.key] = member.value }
    let answer: JSONValue = [
      "event": Sample.event, "jobs": [], "merges": [.object(merge)],
      "subscriptions": [Self.subscription("mail/greet", cursor: 184_300, isHandled: true)],
    ]
    #expect(try why(answer).hasSuffix("merged into job \(other), \(words): bus why \(other)"))
  }

  @Test(
    arguments: [
      (["wanted": false], "does not want user_changed: it wants user_*"),
      (["start": 184_223], "began behind this event, at #184223"),
      (
        ["start": 184_222],
        "asked for no job: its mapping named no worker|or its job is past the retention of the history"
      ),
      (
        ["handled": false, "process": "search.1@web-3:41"],
        "has not come to it yet, it is 23 events behind|it runs on search.1@web-3:41"
      ),
      (
        ["conditions": ["id": ["equals": 42]]],
        "asked for no job: its mapping named no worker|or its job is past the retention of the history"
      ),
      (
        ["conditions": ["id": ["oneOf": [7, "42"]], "country": ["not": "absent"], "x": "absent"]],
        #"passed it over: its conditions do not hold|id has to be one of [7,"42"]: it is 42|country has to be not absent: "#
          + "it is not there"
      ),
      (
        ["conditions": ["id": ["like": 1]]],
        #"passed it over: its conditions do not hold|id has to be {"like":1}, which this version does not know"#
      ),
    ] as [(JSONObject, String)])
  func `why a subscription made no job of an event has a reason each`(members: JSONObject, reasons: String) throws {
    var subscription: JSONObject = [
      "name": "search/user_index", "patterns": ["user_*"], "cursor": 184_200, "handled": true,
    ]
    for member in members.members { subscription[member.key] = member.value }
    let answer = try WhyEventAnswer(
      json: ["event": Sample.event, "jobs": [], "merges": [], "subscriptions": [.object(subscription)]])
    let lines = try #require(WhyEvent(text: Sample.text).lines(not: try SubscriptionName("search/user_index"), answer))
    let told = lines.dropFirst().map { $0.drop { " └│".contains($0) } }.joined(separator: "|")
    #expect(told == "subscription search/user_index  \(reasons)")
    #expect(WhyEvent(text: Sample.text).lines(not: try SubscriptionName("search/other"), answer) == nil)
  }

  @Test func `an event that nobody wants says so, and one with a cause leads on to it`() throws {
    guard case .object(var event) = Sample.event else { return }
    let cause: JobID = Sample.id(3)
    event["causationid"] = .string("job:\(cause)")
    #expect(
      try why(["event": .object(event), "jobs": [], "merges": [], "subscriptions": []]) == """
        event user_changed #184223  08:27:03.111Z from account/web-3, trace 4bf92f3577b34da6a3ce929d0e0e4736
          job \(cause)  published it: bus why \(cause)
          no subscription wants user_changed: bus subs
        """)
  }

  @Test func `jobs of a subscription that is no longer declared are not hidden`() throws {
    let job = Sample.job(.ready)
    let text = try why(["event": Sample.event, "jobs": [job.json], "merges": [], "subscriptions": []])
    #expect(text.hasSuffix("└ job \(job.id) search.IndexUser {\"userID\":42}  ready, waits 3m12s"))
  }

  @Test func `an answer that lacks something is refused, not trapped`() {
    let whole: JSONValue = Sample.why(Sample.job(.ready), event: nil)
    #expect(throws: ProtocolError.self) { try WhyJobAnswer(json: ["merges": []]) }
    #expect(throws: ProtocolError.self) { try WhyJobAnswer(json: .null) }
    #expect(throws: ProtocolError.self) { try WhyEventAnswer(json: whole) }
  }
}
