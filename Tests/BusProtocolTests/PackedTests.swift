import Testing

@testable import BusProtocol

/// The packed form of the messages that every job goes through.
@Suite struct `Packed messages` {
  /// The verbs that have a packed form; all others go as JSON.
  private static let verbs: Set = ["commit", "committed", "enqueue", "enqueued", "jobs", "finish", "finished"]

  private static let messages =
    Samples.requests.map { $0.frames(isPacked: true) } + Samples.replies.map { $0.frames(isPacked: true) }
  private static let packed = messages.filter { $0.count == 2 && PackedForm.begins($0[1]) }

  private func text(_ frame: [UInt8]) -> String { String(decoding: frame, as: UTF8.self) }

  /// The message as it was understood; nil when it was refused.
  private func read(_ frames: [[UInt8]]) -> (again: [[UInt8]], isRequest: Bool)? {
    let isRequest = ["commit", "enqueue", "finish"].contains(text(frames[0]))
    do {
      let again =
        isRequest
        ? try Request(frames: frames).frames(isPacked: true) : try Reply(frames: frames).frames(isPacked: true)
      return (again, isRequest)
    } catch { return nil }
  }

  @Test func `a message says the same packed as in JSON`() throws {
    for request in Samples.requests { #expect(try Request(frames: request.frames(isPacked: true)) == request) }
    for reply in Samples.replies { #expect(try Reply(frames: reply.frames(isPacked: true)) == reply) }
  }

  @Test func `the verbs of the main path have a packed form, and no others`() {
    #expect(Set(Self.packed.map { text($0[0]) }) == Self.verbs)
    for request in Samples.requests { #expect(request.frames(isPacked: false) == request.frames) }
    for reply in Samples.replies { #expect(reply.frames(isPacked: false) == reply.frames) }
  }

  @Test func `a finish in its bytes`() throws {
    let results = [
      JobResult(id: JobID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF), token: 77, outcome: .done)
    ]
    let bytes = hex("01000000010000000800000000000000 01 019c132c5bbb77228123456789abcdef 4d00000000000000")
    #expect(Request.finish(request: 8, results: results).frames(isPacked: true) == [Array("finish".utf8), bytes])
  }

  @Test func `a commit in its bytes`() throws {
    let job = NewJob(
      id: JobID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF), queue: Samples.queue, worker: "IndexUser",
      inputs: ["id": 42], queueLock: "a(1)",
      cause: JobCause(offset: Offset(184_300), subscription: Samples.subscription))
    let commit = Commit(
      subscription: Samples.subscription, token: 3, from: Offset(184_223), through: Offset(184_300), jobs: [job])
    let bytes = hex(
      """
      01000000010000000600000000000000 0000 0600736561726368 0100 0a00757365725f696e646578
      0300000000000000 9fcf020000000000 eccf020000000000
      019c132c5bbb77228123456789abcdef 0000 0200 070064656661756c74 0300 0900496e64657855736572
      09000000 7b226964223a34327d 03 01 0400 61283129 11 0800 eccf020000000000 13 0400 0000 0100
      """)
    #expect(Request.commit(request: 6, commit: commit).frames(isPacked: true)[1] == bytes)
  }

  @Test func `messages of chance come back as they were`() throws {
    var chance = Chance(61)
    for _ in 0..<300 {
      let jobs = try (0..<chance.below(5)).map { _ in try chance.wish() }
      let enqueue = Request.enqueue(request: chance.next(), jobs: jobs)
      #expect(try Request(frames: enqueue.frames(isPacked: true)) == enqueue)
      let assignments = try jobs.map { job in
        Assignment(
          id: job.id, token: chance.next() >> 1, attempt: chance.below(1000), queue: job.queue, worker: job.worker,
          inputs: job.inputs, cause: try chance.cause())
      }
      #expect(try Reply(frames: Reply.jobs(assignments).frames(isPacked: true)) == .jobs(assignments))
    }
  }

  @Test func `a message that is cut anywhere is refused`() {
    for frames in Self.packed {
      for count in 1..<frames[1].count { #expect(read([frames[0], Array(frames[1].prefix(count))]) == nil) }
      #expect(read([frames[0], frames[1] + [0]]) == nil)
      #expect(read(frames + [[]]) == nil)
    }
  }

  @Test func `a flipped bit is refused, or is another message that comes back the same`() {
    for frames in Self.packed {
      for index in frames[1].indices {
        for bit in 0..<8 {
          var bytes = frames[1]
          bytes[index] ^= 1 << bit
          guard let (again, _) = read([frames[0], bytes]) else { continue }
          #expect(read(again)?.again == again)
        }
      }
    }
  }

  @Test func `lengths and numbers that lie are refused, or believed without harm`() {
    for frames in Self.packed {
      for index in frames[1].indices {
        for lie in [[0xFF], [0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0x80], [0, 0, 0, 0]] as [[UInt8]] {
          var bytes = frames[1]
          bytes.replaceSubrange(index..<min(index + lie.count, bytes.count), with: lie.prefix(bytes.count - index))
          _ = read([frames[0], bytes])
        }
      }
    }
  }

  @Test func `chance is no message`() {
    var chance = Chance(62)
    for verb in Self.verbs.sorted() {
      for _ in 0..<2000 {
        let header: [UInt8] = [1, 0, 0, 0, UInt8(chance.below(4)), 0, 0, 0] + chance.bytes(8)
        _ = read([Array(verb.utf8), header + chance.bytes(chance.below(200))])
      }
    }
  }

  @Test func `another form is refused by number, and more entries than there is room for`() throws {
    let frames = Request.finish(request: 5, results: []).frames(isPacked: true)
    for (index, byte) in [(0, 2), (1, 1), (2, 1), (3, 1), (4, 1), (7, 255)] as [(Int, UInt8)] {
      var bytes = frames[1]
      bytes[index] = byte
      let error = #expect(throws: ProtocolError.self) { try Request(frames: [frames[0], bytes]) }
      #expect(error?.code == .badMessage)
      #expect(Request.number(in: [frames[0], bytes]) == (index == 0 ? nil : 5))
    }
    #expect(throws: ProtocolError.self) { try Request(frames: [Array("ask".utf8), frames[1]]) }
    #expect(Request.number(in: [frames[0], [1, 0]]) == nil)
  }

  @Test func `fields that a later version adds are passed over`() throws {
    var wish = Samples.smallWish
    let plain = Request.enqueue(request: 1, jobs: [wish]).frames(isPacked: true)
    var bytes = plain[1]
    // The last byte is the number of fields.
    bytes[bytes.count - 1] = 2
    bytes += [200, 3, 0, 0xFF, 0xFE, 0xFD, 4, 8, 0] + [7, 0, 0, 0, 0, 0, 0, 0]
    wish.priority = 7
    #expect(try Request(frames: [plain[0], bytes]) == .enqueue(request: 1, jobs: [wish]))
  }

  @Test func `a field with another length than its value is refused`() {
    let plain = Request.enqueue(request: 1, jobs: [Samples.smallWish]).frames(isPacked: true)
    for field in [[4, 7, 0] + [0, 0, 0, 0, 0, 0, 0], [4, 9, 0] + [0, 0, 0, 0, 0, 0, 0, 0, 0]] as [[UInt8]] {
      #expect(throws: ProtocolError.self) { try Request(frames: [plain[0], plain[1].dropLast() + [1] + field]) }
    }
  }

  @Test func `what does not fit goes as JSON`() throws {
    var wish = Samples.smallWish
    wish.cause.source = String(repeating: "x", count: 70_000)
    let request = Request.enqueue(request: 1, jobs: [wish])
    #expect(request.frames(isPacked: true) == request.frames)
    wish.cause = JobCause(context: ["long": .string(String(repeating: "x", count: 70_000))])
    #expect(Request.enqueue(request: 1, jobs: [wish]).frames(isPacked: true)[1].first == UInt8(ascii: "{"))
  }

  @Test func `what JSON would refuse of a job is refused packed`() throws {
    func refusal(_ change: (inout NewJob) -> Void) throws -> ProtocolError.Code? {
      var wish = Samples.smallWish
      change(&wish)
      let frames = Request.enqueue(request: 1, jobs: [wish]).frames(isPacked: true)
      #expect(PackedForm.begins(frames[1]))
      return #expect(throws: ProtocolError.self) { try Request(frames: frames) }?.code
    }
    #expect(try refusal { $0.queueLock = String(repeating: "x", count: 1001) } == .tooLarge)
    #expect(try refusal { $0.inputs = ["x": .string(String(repeating: "x", count: 256 << 10))] } == .tooLarge)
    #expect(try refusal { $0.debounce = Debounce(after: .seconds(1), atMost: .seconds(2)) } == .badJSON)
    #expect(try refusal { $0.inputs = nested(33) } == .badJSON)
    #expect(try refusal { $0.cause.context = nested(17) } == .tooLarge)
    #expect(try refusal { $0.notify = "" } != nil)
  }

  private func nested(_ levels: Int) -> JSONObject { levels < 2 ? [:] : ["x": .object(nested(levels - 1))] }

  @Test func `an empty lock is none, as in JSON`() throws {
    var wish = Samples.smallWish
    wish.queueLock = ""
    let read = try Request(frames: Request.enqueue(request: 1, jobs: [wish]).frames(isPacked: true))
    #expect(read == .enqueue(request: 1, jobs: [Samples.smallWish]))
  }
}

@Suite struct `Inputs that nobody looks into` {
  @Test func `plain text is what the writer would write`() throws {
    var chance = Chance(63)
    var plainCount = 0
    for _ in 0..<2000 {
      var text = JSONValue.object(chance.object()).bytes
      if chance.yes(), !text.isEmpty { text[chance.below(text.count)] = chance.bytes(1)[0] }
      guard isPlain(text) else { continue }
      plainCount += 1
      #expect(try JSONParser.parse(text).bytes == text)
    }
    #expect(plainCount > 100)
  }

  @Test(arguments: [
    "{}", #"{"a":1}"#, #"{"a":-1,"b":[true,false,null,[],{}],"c":{"d":"é\n\"😀"}}"#, #"{"a":999999999999999999}"#,
  ])
  func `stays as it is`(text: String) throws {
    #expect(isPlain(Array(text.utf8)))
    let inputs = try JobInputs(Array(text.utf8)[...])
    #expect(inputs.text == Array(text.utf8))
    #expect(inputs == JobInputs(inputs.values))
  }

  @Test(arguments: [
    #"{ "a":1}"#, #"{"a":1.0}"#, #"{"a":1e3}"#, #"{"a":"\u0041"}"#, #"{"a":"\/"}"#, #"{"a":-0}"#,
    #"{"a":18446744073709551615}"#, "{}\n",
  ])
  func `is written anew where it is written otherwise`(text: String) throws {
    #expect(!isPlain(Array(text.utf8)))
    let inputs = try JobInputs(Array(text.utf8)[...])
    #expect(inputs.text == JSONValue.object(inputs.values).bytes)
    #expect(try JSONParser.parse(inputs.text) == (try JSONParser.parse(text.utf8)))
  }

  @Test(arguments: [
    "", "[]", "1", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":01}"#, #"{"a":tru}"#, #"{a:1}"#,
    #"{"a":"\x"}"#, "{\"a\":\"\n\"}", #"{"a":1}{}"#, #"{"a":-}"#, #"{"a":"#, #"{"a":""#,
  ])
  func `is refused where it is no object`(text: String) {
    #expect(throws: ProtocolError.self) { try JobInputs(Array(text.utf8)[...]) }
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    let text: [UInt8] = Array(#"{"a":""#.utf8) + [0xC3] + Array(#""}"#.utf8)
    #expect(!isPlain(text))
    #expect(throws: ProtocolError.self) { try JobInputs(text[...]) }
  }

  @Test func `nesting has its bound`() throws {
    func nested(_ levels: Int) -> [UInt8] {
      Array((String(repeating: #"{"a":"#, count: levels - 1) + "{}" + String(repeating: "}", count: levels - 1)).utf8)
    }
    #expect(isPlain(nested(32)))
    #expect(!isPlain(nested(33)))
    #expect(throws: ProtocolError.self) { try JobInputs(nested(33)[...]) }
  }
}

private func isPlain(_ text: [UInt8]) -> Bool { JSONText.isPlainObject(text.span) }

extension Chance {
  fileprivate mutating func cause() throws -> JobCause {
    JobCause(
      event: yes() ? identifier() : nil, offset: yes() ? Offset(next() >> 1) : nil,
      topic: yes() ? try Topic(name()) : nil,
      subscription: yes() ? SubscriptionName(engine: try Name(name(4)), name: try Name(name())) : nil,
      job: yes() ? identifier() : nil, correlation: yes() ? identifier() : nil, trace: yes() ? trace() : nil,
      context: yes() ? object() : nil, source: yes() ? text() : nil)
  }

  fileprivate mutating func wish() throws -> NewJob {
    var wish = NewJob(
      id: identifier(), queue: QueueName(engine: try Name(name(3)), name: try Name(name(3))), worker: try Name(name()),
      inputs: object(), queueLock: yes() ? "q" + text() : nil, workerLock: yes() ? "w" + text() : nil,
      priority: yes() ? Int(Int64(bitPattern: next())) : 0,
      dueAt: yes() ? Timestamp(microseconds: Int64(bitPattern: next())) : nil, retry: yes() ? .standard : nil,
      cause: yes() ? try cause() : JobCause(), notify: yes() ? "user:42" : nil)
    wish.sharesRun = yes()
    wish.onMerge = yes() ? .merge : .keep
    return wish
  }
}
