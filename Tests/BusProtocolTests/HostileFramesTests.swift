import BusProtocol
import Testing

/// Frames that nobody honest sends: each is refused with a reason, none traps.
struct HostileFramesTests {
  /// What a message was read as; nil when it was refused.
  private static let readers: [@Sendable ([[UInt8]]) throws -> Any] = [
    { try Request(frames: $0) }, { try Reply(frames: $0) }, { try LiveMessage(frames: $0) },
  ]

  private static let messages =
    Samples.requests.map { (0, $0.frames) } + Samples.replies.map { (1, $0.frames) }
    + Samples.live.map { (2, $0.frames) }

  private func read(_ kind: Int, _ frames: [[UInt8]]) -> Bool {
    do {
      _ = try HostileFramesTests.readers[kind](frames)
      return true
    } catch {
      #expect(error is ProtocolError)
      return false
    }
  }

  @Test func `each message with its JSON cut is refused`() {
    for (kind, frames) in HostileFramesTests.messages where !(kind == 2 && frames[0] != LiveMessage.markTopic) {
      for count in 1..<frames[1].count {
        var cut = frames
        cut[1] = Array(frames[1].prefix(count))
        #expect(!read(kind, cut))
      }
    }
  }

  @Test func `frames that are missing or too many are refused`() {
    for (kind, frames) in HostileFramesTests.messages {
      #expect(!read(kind, []))
      #expect(!read(kind, [[]] + frames.dropFirst()) || kind == 2)
      #expect(!read(kind, frames + [[]]), "\(String(decoding: frames[0], as: UTF8.self))")
      #expect(!read(kind, frames + [[], []]))
      if frames.count == 3 { #expect(!read(kind, frames.dropLast())) }
    }
    for verb in ["", "x", "Hello", "hello ", "h\u{0}", String(repeating: "x", count: 100_000)] {
      let error = #expect(throws: ProtocolError.self) { try Request(frames: [Array(verb.utf8)]) }
      #expect(error?.code == .unknownVerb)
      #expect(throws: ProtocolError.self) { try Reply(frames: [Array(verb.utf8)]) }
    }
    #expect(throws: ProtocolError.self) { try Request(frames: [[0xFF, 0xFE]]) }
  }

  /// All values that come by changing one place of a value: dropped, or replaced by one of another type.
  private func changes(_ value: JSONValue) -> [JSONValue] {
    let others: [JSONValue] = [
      nil, true, -1, .integer(.min), .unsigned(.max), 1.5, "", "x", [], [nil], [:], ["x": 1],
      .string(String(repeating: "é", count: 300)),
    ]
    switch value {
    case .object(let object):
      var found = others
      for index in object.members.indices {
        var dropped = object
        dropped.members.remove(at: index)
        found.append(.object(dropped))
        for change in changes(object.members[index].value) {
          var changed = object
          changed.members[index].value = change
          found.append(.object(changed))
        }
      }
      return found
    case .array(let values):
      return others
        + values.indices.flatMap { index in
          changes(values[index]).map { change in
            var changed = values
            changed[index] = change
            return .array(changed)
          }
        }
    default: return others
    }
  }

  @Test func `members dropped or of another type are refused or read, never a trap`() throws {
    var (refused, all) = (0, 0)
    for (kind, frames) in HostileFramesTests.messages {
      guard let json = try? JSONParser.parse(frames[1]) else { continue }
      for change in changes(json) {
        var changed = frames
        changed[1] = change.bytes
        all += 1
        if !read(kind, changed) { refused += 1 }
      }
    }
    #expect(all > 4000)
    #expect(refused > all / 2)
  }

  @Test func `flipped bits are refused or read, never a trap`() {
    for (kind, frames) in HostileFramesTests.messages {
      for index in frames.indices {
        for bit in 0..<min(frames[index].count, 600) * 8 {
          var flipped = frames
          flipped[index][bit / 8] ^= 1 << UInt8(bit % 8)
          _ = read(kind, flipped)
        }
      }
    }
  }

  private func refusal(_ verb: String, _ json: String, _ bytes: [UInt8]? = nil) -> ProtocolError.Code? {
    do {
      _ = try Request(frames: [Array(verb.utf8), Array(json.utf8)] + (bytes.map { [$0] } ?? []))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `what would harm later is refused at the edge`() throws {
    let job = #""id":"01KG9JRPXVEWH828T5CY4TQKFF","queue":"search/default","worker":"IndexUser""#
    // Stores keep offsets and tokens in 64 bits with a sign.
    #expect(refusal("read", #"{"request":1,"after":9223372036854775808,"patterns":[],"limit":1}"#) == .badJSON)
    #expect(
      refusal("enqueue", #"{"request":1,"jobs":[{\#(job),"cause":{"offset":18446744073709551615}}]}"#) == .badJSON)
    #expect(
      refusal(
        "finish",
        #"{"request":1,"results":[{"id":"01KG9JRPXVEWH828T5CY4TQKFF","token":9223372036854775808,"outcome":"done"}]}"#)
        == .badJSON)
    #expect(
      refusal("commit", #"{"request":1,"subscription":"a/b","token":1,"from":5,"through":4,"jobs":[]}"#) == .badMessage)
    // Each pattern costs a comparison for each event.
    let patterns = [String](repeating: "\"*a*a*\"", count: TopicPattern.maximumCount + 1)
    #expect(
      refusal("read", #"{"request":1,"after":0,"patterns":[\#(patterns.joined(separator: ","))],"limit":1}"#)
        == .tooLarge)
    #expect(
      refusal("read", #"{"request":1,"after":0,"patterns":[\#(patterns.dropLast().joined(separator: ","))],"limit":1}"#)
        == nil)
    let wishes = (0...SubscriptionWish.maximumCount).map { #"{"name":"a/s\#($0)","patterns":["x"]}"# }
    #expect(
      refusal("subscribe", #"{"request":1,"subscriptions":[\#(wishes.joined(separator: ","))]}"#) == .tooLarge)
    #expect(
      refusal("subscribe", #"{"request":1,"subscriptions":[\#(wishes.dropLast().joined(separator: ","))]}"#) == nil)
    #expect(refusal("hands", #"{"engine":"a","queues":[],"workers":[],"concurrency":10001}"#) == .badMessage)
    #expect(refusal("hands", #"{"engine":"a","queues":[],"workers":[],"concurrency":-1}"#) == .badMessage)
    #expect(refusal("hello", #"{"protocol":2,"role":"tool","process":"x"}"#) == .badVersion)
    #expect(refusal("hello", #"{"protocol":0,"role":"tool","process":"x"}"#) == .badVersion)
    let lock = String(repeating: "x", count: NewJob.maximumLockByteCount + 1)
    #expect(refusal("enqueue", #"{"request":1,"jobs":[{\#(job),"worker_lock":"\#(lock)"}]}"#) == .tooLarge)
    #expect(refusal("enqueue", #"{"request":1,"jobs":[{\#(job),"worker_lock":"\#(lock.dropLast())"}]}"#) == nil)
    let note = String(repeating: "x", count: NewJob.maximumInputsByteCount)
    #expect(refusal("enqueue", #"{"request":1,"jobs":[{\#(job),"inputs":{"a":"\#(note)"}}]}"#) == .tooLarge)
  }

  @Test func `what is accepted can be read again wherever it goes`() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels)
    }
    let job = #""id":"01KG9JRPXVEWH828T5CY4TQKFF","queue":"search/default","worker":"IndexUser""#
    func enqueue(_ rest: String) -> ProtocolError.Code? {
      refusal("enqueue", #"{"request":1,"jobs":[{\#(job),\#(rest)}]}"#)
    }
    #expect(enqueue(#""inputs":\#(nested(32))"#) == nil)
    #expect(enqueue(#""inputs":\#(nested(33))"#) == .tooLarge)
    #expect(enqueue(#""cause":{"context":\#(nested(16))}"#) == nil)
    #expect(enqueue(#""cause":{"context":\#(nested(17))}"#) == .tooLarge)
    #expect(refusal("publish", #"{"request":1,"topic":"a","context":\#(nested(17))}"#, []) == .tooLarge)
    guard case .object(let inputs) = try parse(nested(32)), case .object(let context) = try parse(nested(16)) else {
      return
    }
    var wish = Samples.wish
    wish.inputs = inputs
    wish.cause.context = context
    // As a store keeps it, and as the deepest answer shows it.
    #expect(try JobCause(json: JSONParser.parse(wish.cause.json.bytes)) == wish.cause)
    let answer = Reply.answer(request: 1, ["jobs": [Job(wish, state: .ready, enqueuedAt: Samples.time).json]])
    #expect(try Reply(frames: answer.frames) == answer)
  }

  @Test func `a process and an error are cut between characters`() throws {
    let long = String(repeating: "é", count: 5000)
    let hello = try Request(frames: Request.hello(Hello(role: .tool, process: "x" + long)).frames)
    #expect(hello == .hello(Hello(role: .tool, process: "x" + String(repeating: "é", count: 99))))
    let result = JobResult(id: Samples.job, token: 1, outcome: .dead(error: "x" + long))
    let expected = JobResult(
      id: Samples.job, token: 1, outcome: .dead(error: "x" + String(repeating: "é", count: 4095)))
    #expect(try JobResult(json: result.json) == expected)
    #expect(result.json.bytes.count < Outcome.maximumErrorByteCount + 200)
  }

  @Test func `a mark that goes back or counts less than nothing is refused`() {
    let log = Samples.log
    for json in [
      #"{"log":"\#(log)","after":5,"through":4,"counts":{}}"#,
      #"{"log":"\#(log)","after":4,"through":5,"counts":{"a":-1}}"#,
      #"{"log":"\#(log)","after":4,"through":5,"counts":{"a":"1"}}"#, #"{"log":"\#(log)","after":4,"through":5}"#,
    ] {
      #expect(throws: ProtocolError.self) { try LiveMessage(frames: [LiveMessage.markTopic, Array(json.utf8)]) }
    }
  }

  @Test func `a note that counts lines and has none says nothing of them, and comes back the same`() throws {
    let json = #"{"id":"01KG9JRPXVEWH828T5CY4TQKFF","token":7,"first":7}"#
    let note = try JobNote(json: JSONParser.parse(json.utf8))
    #expect(note.first == 1)
    #expect(try JobNote(json: note.json) == note)
  }

  @Test func `who is not busd is found out`() {
    let json = #"{"protocol":1,"role":"service","log":"\#(Samples.log)","head":1,"live":"","lease":1}"#
    let error = #expect(throws: ProtocolError.self) { try Reply(frames: [Array("welcome".utf8), Array(json.utf8)]) }
    #expect(error?.message.contains("is not busd") == true)
  }

  @Test(arguments: ["[1]", "[1,2,3]", "[2,1]", "[-1,2]", #"["1",2]"#, "7"])
  func `a missing range is two offsets in order`(missing: String) {
    let json = #"{"request":1,"through":1,"head":1,"missing":\#(missing)}"#
    #expect(throws: ProtocolError.self) { try Reply(frames: [Array("events".utf8), Array(json.utf8), []]) }
  }
}
